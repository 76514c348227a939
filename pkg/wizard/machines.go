package wizard

import (
	"net/netip"
	"slices"
	"strings"
	"unicode"

	"github.com/okd-project/okd-install/pkg/installconfig"
	"github.com/okd-project/okd-install/pkg/installconfig/platform"
	"github.com/okd-project/okd-install/pkg/release"
)

// This file holds the questions about networks and machines.

func networkQuestions() []question {
	return []question{
		{
			key: machineNetKey, label: "Network of the machines",
			usage:  "network that the machines are in, such as 192.168.1.0/24; separate several by commas",
			fields: []string{"networking.machineNetwork"}, read: readList,
			help: "The network in which your machines have their addresses, with its length, such as 192.168.1.0/24. " +
				"Separate several by commas. An IPv4 and an IPv6 network make a cluster with both.",
			put: func(_ *wizard, d *installconfig.Draft, value string) { d.MachineNetwork = listOf(value) },
		},
		{
			key: "serviceNetwork", label: "Network of the services", usage: "network of the services (default 172.30.0.0/16)",
			fields: []string{"networking.serviceNetwork"}, read: readList,
			preset: func(w *wizard) string {
				return w.firstGood("serviceNetwork", "fd02::/112", "172.30.0.0/16", "172.22.0.0/16", "10.96.0.0/16", "192.168.128.0/17")
			},
			put: func(_ *wizard, d *installconfig.Draft, value string) { d.ServiceNetwork = listOf(value) },
		},
		{
			key: clusterNetKey, label: "Network of the pods", usage: "network of the pods (default 10.128.0.0/14)",
			fields: []string{"networking.clusterNetwork"}, read: readList,
			preset: func(w *wizard) string {
				return w.firstGood(clusterNetKey, "fd01::/48", "10.128.0.0/14", "10.64.0.0/14", "172.24.0.0/14", "192.168.0.0/16")
			},
			put: func(_ *wizard, d *installconfig.Draft, value string) {
				d.ClusterNetwork = listOf(value)
				if d.HostPrefix == "" {
					d.HostPrefix = "23"
				}
			},
		},
		{
			key: "hostPrefix", label: "Part of it for each machine, as a prefix length",
			usage:  "prefix length of the part of the pods' network that each machine gets (default 23)",
			fields: []string{"networking.clusterNetwork"},
			help:   "23 gives each machine 510 addresses for its pods, and a /14 room for 512 machines. It cannot be changed later.",
			asked:  func(w *wizard) bool { return slices.ContainsFunc(listOf(w.answers[clusterNetKey]), isIPv4) },
			preset: func(*wizard) string { return "23" },
			put:    func(_ *wizard, d *installconfig.Draft, value string) { d.HostPrefix = value },
		},
	}
}

func isIPv4(cidr string) bool {
	p, err := netip.ParsePrefix(cidr)
	return err == nil && p.Addr().Is4()
}

// firstGood proposes a network of each family that the machines have, the first
// of each that overlaps nothing.
func (w *wizard) firstGood(key, six string, four ...string) string {
	machines := listOf(w.answers[machineNetKey])
	i := slices.IndexFunc(w.questions, func(q question) bool { return q.key == key })
	if len(machines) == 0 {
		machines = four[:1] // missing, which is said
	}
	var want []string
	for _, m := range machines {
		family := four
		if !isIPv4(m) {
			family = []string{six}
		}
		if len(want) < 2 && (len(want) == 0 || isIPv4(want[0]) != isIPv4(m)) {
			want = append(want, family[0])
		}
	}
	for _, candidate := range four {
		tried := slices.Clone(want)
		for j := range tried {
			if isIPv4(tried[j]) {
				tried[j] = candidate
			}
		}
		if answer := strings.Join(tried, ","); w.isGood(w.questions[i], answer) {
			return answer
		}
	}
	return strings.Join(want, ",")
}

// isGood checks an answer that nobody has given, and says nothing.
func (w *wizard) isGood(q question, answer string) bool {
	quiet := *w
	quiet.prompter = nil
	_, err := quiet.check(q, answer)
	return err == nil
}

// readList brings a list into one form: lines.
func readList(_ *wizard, answer string) (string, error) {
	return strings.Join(listOf(answer), "\n"), nil
}

// listOf splits at commas, blanks and line ends.
func listOf(answer string) []string {
	return strings.FieldsFunc(answer, func(r rune) bool { return r == ',' || unicode.IsSpace(r) })
}

func machineQuestions() []question {
	return []question{
		{
			key: controlPlaneKey, label: "Number of control plane machines", usage: "number of control plane machines (default 3)",
			fields: []string{"controlPlane", "arbiter"},
			preset: func(*wizard) string { return "3" },
			put:    func(_ *wizard, d *installconfig.Draft, value string) { d.ControlPlane = value },
			then: func(w *wizard) {
				n := w.answers[controlPlaneKey]
				w.say(sentence(installconfig.ControlPlaneMeaning(n, "")))
				if n == "2" {
					w.say("Two machines have no quorum: when one is lost, the other cannot go on alone.")
				}
			},
		},
		{
			key: arbiterKey, label: "A third vote", usage: "number of arbiters beside two control plane machines: 1",
			fields: []string{"arbiter", "controlPlane"},
			help: "etcd works while a majority of its members can talk to each other. Of two, one alone is none: when a machine is lost, " +
				"the cluster stops. An arbiter is a small third machine that only votes. Fencing is another way, which you can write into the file.",
			asked: func(w *wizard) bool { return w.answers[controlPlaneKey] == "2" && canHaveArbiter(w) },
			options: func(*wizard) []option {
				return []option{
					{"1", "add an arbiter, a small machine that only votes"}, {"three", "make it three control plane machines"},
					{"one", "make it a single node"},
				}
			},
			read: func(_ *wizard, answer string) (string, error) { return answer, nil },
			put: func(_ *wizard, d *installconfig.Draft, value string) {
				switch value {
				case "three":
					d.ControlPlane = "3"
				case "one":
					d.ControlPlane = "1"
				default:
					d.Arbiter = value
				}
			},
			then: func(w *wizard) {
				if instead, ok := map[string]string{"three": "3", "one": "1"}[w.answers[arbiterKey]]; ok {
					w.answers[controlPlaneKey] = instead
					delete(w.answers, arbiterKey)
				}
				w.say(sentence(installconfig.ControlPlaneMeaning(w.answers[controlPlaneKey], w.answers[arbiterKey])))
			},
		},
		{
			key: workersKey, label: "Number of workers",
			usage:  "number of workers; with 0 the control plane takes the workloads (default 3, or 0 for a single node)",
			fields: []string{"compute"},
			preset: func(w *wizard) string {
				return map[bool]string{true: "0", false: "3"}[w.answers[controlPlaneKey] == "1"]
			},
			put: func(_ *wizard, d *installconfig.Draft, value string) { d.Workers = value },
			then: func(w *wizard) {
				switch n := w.answers[workersKey]; {
				case n == "0" && w.answers[controlPlaneKey] == "1":
					w.say("Note: without workers the node takes the workloads, and the ingress router with them: ports 80 and 443 lead to it.")
				case n == "1":
					w.say("Note: with one worker nothing takes over its workloads when it is down. The ingress routers want two machines.")
				}
			},
		},
		{
			key: installationDiskKey, label: "Disk for a node that installs itself",
			usage:  "disk of a single node that installs itself without a bootstrap host, such as /dev/vda",
			fields: []string{"bootstrapInPlace"}, optional: true,
			asked: func(w *wizard) bool {
				return w.answers[controlPlaneKey] == "1" && w.answers[workersKey] == "0" || installsItself(w.answers)
			},
			help: "A single node can bring itself up from a live system and install itself to this disk, such as /dev/vda, with no bootstrap host. " +
				"What is on the disk is lost. Answer none to use a bootstrap host.",
			put: func(_ *wizard, d *installconfig.Draft, value string) { d.InstallationDisk = value },
		},
	}
}

// installsItself reports whether these answers are a single node on a platform where
// that usually installs itself.
func installsItself(answers map[string]string) bool {
	spec, ok := platform.Find(answers[platformKey])
	return ok && spec.InPlaceUsual && answers[controlPlaneKey] == "1"
}

// canHaveArbiter reports whether platform and release know arbiters.
func canHaveArbiter(w *wizard) bool {
	options, err := w.loadOptions(w.answers[releaseKey])
	support, _ := options.Release.Support(release.Arbiter, w.answers[platformKey])
	return err == nil && support == release.Present
}
