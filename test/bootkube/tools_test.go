package bootkube

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

// silent is a program that succeeds and says nothing.
func silent(*call) int { return 0 }

// sleep does not: what is waited for here is there or never comes.
func sleep(c *call) int {
	if count("sleep") > 400 {
		c.complain("the scripts wait for something that does not come")
		return 1
	}
	return 0
}

// cp copies like the real one, unless it is to fail: then it leaves half of a
// file behind.
func cp(c *call) int {
	words := slices.DeleteFunc(slices.Clone(c.args), func(w string) bool { return strings.HasPrefix(w, "-") })
	if len(words) != 2 {
		c.complain("the fake cp copies one thing")
		return 1
	}
	from, to := words[0], words[1]
	trace("read", from)
	trace("make", strings.TrimSuffix(to, ".taking"))
	if c.fault == nil {
		return c.real()
	}
	if info, err := os.Stat(from); err == nil && info.IsDir() {
		entries, _ := os.ReadDir(from)
		i := slices.IndexFunc(entries, func(e os.DirEntry) bool { return e.Type().IsRegular() })
		if i < 0 {
			c.complain("the fake cp finds no file in %s", from)
			return 1
		}
		from, to = filepath.Join(from, entries[i].Name()), filepath.Join(to, entries[i].Name())
	}
	raw, err := os.ReadFile(from)
	if err == nil {
		err = os.MkdirAll(filepath.Dir(to), 0o755)
	}
	if err == nil {
		err = os.WriteFile(to, raw[:len(raw)/2], 0o600)
	}
	if err != nil {
		c.complain("%v", err)
	}
	return 1
}

// real becomes the real program.
func (c *call) real() int {
	err := syscall.Exec(filepath.Join(fakesDir, "real-"+c.name), append([]string{c.name}, c.args...), os.Environ())
	c.complain("%v", err)
	return 1
}

// jq is the real one but for the two programs by which records are written. They
// are most of the calls, and compiling its own library takes jq 1.6 longer than
// all the rest of a stage.
func jq(c *call) int {
	if len(c.args) == 3 && c.args[0] == "--compact-output" && c.args[1] == "arrays" {
		raw, err := os.ReadFile(c.args[2])
		var list []any
		if err != nil || json.Unmarshal(raw, &list) != nil {
			return c.real()
		}
		fmt.Print(string(raw))
		return 0
	}
	named := object{}
	args := c.args
	for len(args) > 3 && args[0] == "--arg" {
		if args[2] != "" {
			named[args[1]] = args[2]
		}
		args = args[3:]
	}
	if len(args) != 1 || args[0] != `. + [$ARGS.named | with_entries(select(.value != ""))]` {
		return c.real()
	}
	var list []any
	if err := json.NewDecoder(os.Stdin).Decode(&list); err != nil {
		fmt.Fprintln(os.Stderr, "parse error:", err)
		return 2
	}
	raw, _ := json.Marshal(append(list, named))
	fmt.Println(string(raw))
	return 0
}

func journalctl(*call) int {
	fmt.Println("the last line of the journal")
	return 0
}

func systemctl(c *call) int {
	if len(c.args) > 0 && c.args[0] == "is-active" {
		return 3
	}
	return 0
}

// dig plays dig and getent: the names of the API, unless the test breaks them.
func dig(c *call) int {
	if c.setup.BrokenAPI {
		if c.name == "dig" {
			return 0 // no answer is not an error
		}
		return 2
	}
	fmt.Println("192.0.2.10")
	return 0
}

// curl answers for the API of the cluster.
func curl(c *call) int {
	url := c.args[len(c.args)-1]
	if strings.HasPrefix(url, "http://localhost:22624/") {
		return c.machineConfigServer(url)
	}
	if c.setup.BrokenAPI {
		fmt.Fprintf(os.Stderr, "curl: (6) Could not resolve host: %s\n", url)
		fmt.Print("000")
		return 6
	}
	if !marked("api") {
		fmt.Print("000")
		return 7
	}
	want := "/readyz"
	if !c.atLeast("4.17") {
		want = "/version"
	}
	if !strings.HasSuffix(url, ":6443"+want) {
		c.complain("nobody answers at %s", url)
	}
	fmt.Print("200")
	return 0
}

// machineConfigServer answers for the one of this host, which serves the config
// of the only node.
func (c *call) machineConfigServer(url string) int {
	output := slices.Index(c.args, "--output")
	switch {
	case !marked("api") || once("machine-config"):
		fmt.Fprintln(os.Stderr, "curl: (7) Failed to connect to localhost port 22624")
		return 7
	case !strings.HasSuffix(url, "/config/master") || !slices.Contains(c.args, "Accept: application/vnd.coreos.ignition+json;version=3.2.0"):
		c.complain("the machine config server answers in an old spec, or not at all")
		return 22
	case output < 0:
		c.complain("the config of the node is not kept")
		return 1
	}
	name := c.args[output+1]
	config := `{"ignition":{"version":"3.2.0"}}`
	if c.fault != nil && c.fault.Middle {
		config = config[:12]
	}
	if err := os.WriteFile(name, []byte(config), 0o600); err != nil {
		c.complain("%v", err)
	}
	return 0
}

// crictl knows the containers of the static pods, of which none is etcd.
func crictl(*call) int { return 0 }

// ocOptions are the options of oc that the scripts may use; the value tells
// whether one takes a value.
var ocOptions = map[string]bool{
	"--kubeconfig": true, "--request-timeout": true, "-n": true, "--namespace": true, "-o": true, "--output": true, "--type": true,
	"--patch-file": true, "--patch": true, "-p": true, "--from-literal": true, "-f": true, "--filename": true, "--dry-run": true,
	"--icsp-file": true, "--idms-file": true, "-a": true, "--registry-config": true, "--ignore-not-found": false, "-l": true,
	"--selector": true, "--all-namespaces": false, "-A": false, "--no-headers": false, "--field-selector": true, "--wait": true,
	"--for": true, "--timeout": true, "--raw": true, "--template": true, "--save-config": false, "--server-side": false, "--sort-by": true,
	"--insecure": true, "--force-conflicts": false, "--field-manager": true,
}

// oc plays oc: the release's own words, and an API that answers once
// cluster-bootstrap has brought it up.
func oc(c *call) int {
	options := map[string]string{}
	var words []string
	for i := 0; i < len(c.args); i++ {
		name, value, given := strings.Cut(c.args[i], "=")
		takes, known := ocOptions[name]
		switch {
		case !strings.HasPrefix(name, "-") || name == "-":
			words = append(words, c.args[i])
			continue
		case !known:
			c.complain("the fake oc does not know %s", name)
			return 1
		case takes && !given && i+1 < len(c.args):
			i++
			value = c.args[i]
		}
		options[name] = value
	}
	if len(words) > 2 && strings.Join(words[:3], " ") == "adm release info" {
		return c.releaseInfo(options, words[3:])
	}
	config := options["--kubeconfig"]
	if config == "" {
		config = os.Getenv("KUBECONFIG")
	}
	if _, err := os.Stat(config); err != nil {
		c.complain("oc has no kubeconfig: %q", config)
		return 1
	}
	if !marked("api") {
		fmt.Fprintln(os.Stderr, "The connection to the server api-int.demo.example.com:6443 was refused - did you specify the right host or port?")
		return 1
	}
	return c.api(options, words)
}

func (c *call) releaseInfo(options map[string]string, words []string) int {
	if len(words) != 1 || c.tagOf(words[0]) != releaseTag {
		c.complain("oc adm release info wants the release image")
		return 1
	}
	for _, name := range []string{"--icsp-file", "--idms-file"} {
		if file, ok := options[name]; ok {
			if _, err := os.Stat(file); err != nil {
				c.complain("oc adm release info %s: %v", name, err)
				return 1
			}
		}
	}
	switch options["-o"] + options["--output"] {
	case "jsonpath={.metadata.version}":
		fmt.Print(c.setup.Version)
	case "jsonpath={.displayVersions.kubernetes.Version}":
		fmt.Print(c.setup.Kubernetes)
	default:
		c.complain("the fake oc has no such answer")
		return 1
	}
	return 0
}

// api answers requests to the API of the cluster.
func (c *call) api(options map[string]string, words []string) int {
	verb, rest := words[0], strings.Join(words[1:], " ")
	namespace := options["-n"] + options["--namespace"]
	switch {
	case verb == "patch" && strings.HasPrefix(rest, "clusterversion"):
		return c.patchVersion(options)
	case verb == "get" && strings.HasPrefix(rest, "infrastructure"):
		fmt.Print("HighlyAvailable")
	case verb == "get" && strings.HasPrefix(rest, "kubeapiserver"):
		return c.revisions(options)
	case verb == "get" && strings.HasPrefix(rest, "endpoints"):
		return c.endpoints(options)
	case strings.Contains("get create apply", verb) && strings.Contains(rest, "bootstrap") && namespace == "kube-system":
		return c.bootstrapConfigMap(verb, options)
	case verb == "apply" || verb == "create":
		return c.bootstrapConfigMap(verb, options)
	case verb == "delete":
		return c.deleteNamespace(options, rest)
	case verb == "get" && (rest == "csr" || strings.HasPrefix(rest, "certificatesigningrequest")):
		return c.requests(options)
	case verb == "adm" && strings.HasPrefix(rest, "certificate approve"):
		for _, name := range words[3:] {
			mark("approved-" + name)
		}
	case verb == "get" || verb == "version" || verb == "whoami":
		fmt.Print("{}")
	default:
		c.complain("the fake API does not know %s %s", verb, rest)
		return 1
	}
	return 0
}

// patchVersion wants the merge patch that gives the user's overrides back.
func (c *call) patchVersion(options map[string]string) int {
	if options["--type"] != "merge" {
		c.complain("the patch of the overrides is a merge patch")
		return 1
	}
	if _, err := os.Stat(options["--patch-file"]); err != nil {
		c.complain("%v", err)
		return 1
	}
	if once("patch") {
		fmt.Fprintln(os.Stderr, "Error from server (NotFound): clusterversions.config.openshift.io \"version\" not found")
		return 1
	}
	mark("overrides")
	return 0
}

// revisions tells which masters run an API server of the cluster's own: one at
// the first question, two later.
func (c *call) revisions(options map[string]string) int {
	second := 0
	if !once("revisions") {
		second = 4
	}
	switch output := options["-o"] + options["--output"]; {
	case strings.HasPrefix(output, "json") && !strings.HasPrefix(output, "jsonpath"):
		fmt.Printf(`{"status":{"nodeStatuses":[{"nodeName":"m0","currentRevision":3},{"nodeName":"m1","currentRevision":%d},{"nodeName":"m2"}]}}`, second)
	case strings.Contains(output, "\\n") || strings.Contains(output, `{"\n"}`):
		fmt.Printf("3\n%d\n\n", second)
	default:
		fmt.Printf("3 %d 0", second)
	}
	return 0
}

// endpoints are the addresses of API servers: one at the first question, two
// later.
func (c *call) endpoints(options map[string]string) int {
	addresses := []string{"192.0.2.11", "192.0.2.12"}
	if once("endpoints") {
		addresses = addresses[:1]
	}
	if !strings.HasSuffix(options["-o"]+options["--output"], "json") {
		fmt.Print(strings.Join(addresses, " "))
		return 0
	}
	var list []object
	for _, ip := range addresses {
		list = append(list, object{"ip": ip})
	}
	raw, _ := json.Marshal(object{"subsets": []any{object{"addresses": list}}})
	fmt.Print(string(raw))
	return 0
}

// bootstrapConfigMap is the object that the installer waits for.
func (c *call) bootstrapConfigMap(verb string, options map[string]string) int {
	switch {
	case options["--dry-run"] != "":
		fmt.Print(`{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"bootstrap","namespace":"kube-system"},"data":{"status":"complete"}}`)
		return 0
	case verb == "get":
		if !marked("complete") {
			if _, ok := options["--ignore-not-found"]; ok {
				return 0
			}
			fmt.Fprintln(os.Stderr, `Error from server (NotFound): configmaps "bootstrap" not found`)
			return 1
		}
		if options["-o"]+options["--output"] == "jsonpath={.data.status}" {
			fmt.Print("complete")
		} else {
			fmt.Print("configmap/bootstrap")
		}
		return 0
	case verb == "create" && marked("complete"):
		fmt.Fprintln(os.Stderr, `Error from server (AlreadyExists): configmaps "bootstrap" already exists`)
		return 1
	}
	if once("complete-late") {
		fmt.Fprintln(os.Stderr, "Error from server (InternalError): etcdserver: leader changed")
		return 1
	}
	mark("complete")
	return 0
}

// requests are the pending requests for certificates; after the third question
// the bootstrap is over.
func (c *call) requests(options map[string]string) int {
	if count("csr") > 2 {
		_ = os.WriteFile("/opt/openshift/.bootkube.done", nil, 0o644)
	}
	output := options["-o"] + options["--output"]
	asJSON := strings.HasPrefix(output, "json") && !strings.HasPrefix(output, "jsonpath")
	var items, names, rows []string
	for _, name := range []string{"csr-aaaaa", "csr-bbbbb"} {
		status, word := `{}`, "Pending"
		if marked("approved-" + name) {
			status, word = `{"conditions":[{"type":"Approved","status":"True"}]}`, "Approved,Issued"
		} else {
			names = append(names, name)
		}
		items = append(items, fmt.Sprintf(`{"metadata":{"name":%q},"status":%s}`, name, status))
		rows = append(rows, name+"   1m   kubernetes.io/kubelet-serving   system:node:m0   <none>   "+word)
	}
	switch {
	case asJSON:
		fmt.Printf(`{"items":[%s]}`, strings.Join(items, ","))
	case output == "":
		fmt.Println(strings.Join(rows, "\n"))
	default:
		fmt.Println(strings.Join(names, "\n"))
	}
	return 0
}

func touch(name string) error { return os.WriteFile(name, nil, 0o600) }

func removeFile(name string) error { return os.Remove(name) }
