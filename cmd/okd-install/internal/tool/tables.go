package tool

import (
	"slices"
	"strings"

	"github.com/okd-project/okd-install/pkg/diag"
)

// table is a section of the pages that no --help has. Each page has the rows that
// count for its command, and the page of the program has all of them.
type table struct {
	title, intro string
	// by is what a command does with a row, for the page of the program.
	by   string
	rows []row
}

// row is one exit code, variable or file, with what it means.
type row struct {
	name, meaning string
	// commands are those that it counts for, or groups of them; nil for all.
	commands []string
}

// counts reports whether a row counts for a command; the program itself has no name.
func (r row) counts(command string) bool {
	return r.commands == nil || command == "" || slices.ContainsFunc(r.commands, func(c string) bool {
		return c == command || strings.HasPrefix(command, c+" ")
	})
}

// said is what the page of a command says of a row. That of the program says which
// commands it counts for.
func (t table) said(r row, command string) string {
	if command == "" && r.commands != nil {
		return r.meaning + " " + t.by + " " + diag.And(r.commands) + "."
	}
	return r.meaning
}

// Commands that have something in common.
var (
	makesCluster = []string{"create manifests", "create ignition-configs", "create single-node-ignition-config", "plan"}
	readsConfig  = []string{"create", "plan", "releases pin", "status", "validate"}
	asksCluster  = []string{"add-nodes", "approve-csrs", "status", "wait-for"}
	asksRelease  = []string{"coreos check", "coreos image", "create", "plan", "releases", "schema", "status", "validate", "version"}
	asksRegistry = []string{"create pivot-config", "releases"}
	asksMachines = []string{"gather bootstrap", "status"}
	downloads    = []string{"coreos download"}
)

// union are the commands of several groups, in the order of the alphabet.
func union(groups ...[]string) []string {
	return slices.Compact(slices.Sorted(slices.Values(slices.Concat(groups...))))
}

// tables are the sections, in the order of the pages.
func tables() []table {
	network, fetches := union(asksCluster, asksRegistry, downloads), union(asksRegistry, downloads)
	wizard := []string{"create install-config"}
	makes := union(makesCluster, []string{"status"})
	keeps := []string{"certs", "create", "plan", "releases pin", "status"}
	writes := []string{"add-nodes", "create", "gather bootstrap", "releases pin", "wait-for install-complete"}
	logs := []string{"analyze", "gather bootstrap"}
	return []table{
		{title: "EXIT STATUS", by: "Returned by", rows: []row{
			{"0", "The command is done.", nil},
			{"1", "There was an error, or the answer to a check is no.", nil},
			{"2", "With --exit-code: the run would write something.", []string{"plan"}},
			{"2", "The two cannot be compared.", []string{"ignition diff"}},
			{"3", "Something is wrong with the install-config, or missing from it.", []string{"create", "plan", "releases pin", "validate"}},
			{"5", "The bootstrap did not finish.", []string{"wait-for bootstrap-complete"}},
			{"6", "The installation did not finish.", []string{"wait-for install-complete"}},
			{"7", "The cluster is there, but its operators did not settle.", []string{"wait-for install-complete"}},
			{"8", "The command was interrupted.", nil},
		}},
		{title: "ENVIRONMENT", by: "Read by", rows: []row{
			{"ACCESSIBLE", "If it is set, questions are asked line by line and nothing is drawn.", wizard},
			{"HOME", "The directory whose .ssh holds the keys that are offered or proposed.",
				[]string{"create install-config", "gather bootstrap", "status"}},
			{"HTTPS_PROXY, HTTP_PROXY, NO_PROXY", "The proxies for connections, and the hosts that are reached without one.", network},
			{"NO_COLOR", "If it is set, nothing is in colour.", nil},
			{"OKD_INSTALL_DIR", "The asset directory, where --dir does not name one.", nil},
			{"OKD_INSTALL_PAUSE", "The time before the first new attempt, such as 2s. Later ones wait longer.", fetches},
			{"OKD_INSTALL_STALL", "The time without data after which a download counts as interrupted, such as 2m.", downloads},
			{"OKD_INSTALL_WINDOW", "The time in which a download must bring 64 KiB, such as 5m.", downloads},
			{"OKD_INSTALL_*", "The answers to the questions, each named after its flag: OKD_INSTALL_BASE_DOMAIN stands for --base-domain.", wizard},
			{"OPENSHIFT_INSTALL_BOOTSTRAP_NODE_IP", "The address of the bootstrap host, if it has several.", makesCluster},
			{"OPENSHIFT_INSTALL_EXPERIMENTAL_CLUSTER_PROFILE", "The cluster profile.", readsConfig},
			{"OPENSHIFT_INSTALL_EXPERIMENTAL_DISABLE_IMAGE_POLICY", "If it is set, signatures of images are not checked.", makesCluster},
			{"OPENSHIFT_INSTALL_INVOKER", "The name of the program that runs this one. It is recorded in the cluster, " +
				"and unknown fields of the install-config are then warnings.", readsConfig},
			{"OPENSHIFT_INSTALL_LOAD_CLUSTER_CERTS", "With true, certificates of your own are taken from tls/.", makesCluster},
			{"OPENSHIFT_INSTALL_RELEASE_IMAGE_OVERRIDE", "The pull spec of the release image, unless --release-image is given.", asksRelease},
			{"OPENSHIFT_INSTALL_SKIP_HOSTCRYPT_VALIDATION", "If it is set, the machine that runs the command is not checked for FIPS.",
				readsConfig},
			{"SOURCE_DATE_EPOCH", "The date of the pages, in seconds since 1970.", []string{"man"}},
			{"SSH_AUTH_SOCK", "The socket of the SSH agent.", asksMachines},
			{"SSL_CERT_FILE", "On Linux, the file with the authorities that servers are verified with.", fetches},
			{"TERM", "With dumb, nothing is in colour and nothing is drawn.", nil},
		}},
		{title: "FILES", intro: "These are in the asset directory, which --dir names.", by: "Used by", rows: []row{
			{"install-config.yaml", "The description of the cluster. You write it.", readsConfig},
			{"manifests/, openshift/", "The manifests. You may edit them, add others and delete some.", makes},
			{"tls/", "Certificates, keys and a password of your own, if you have any.", makesCluster},
			{"bootstrap.ign, master.ign, worker.ign, arbiter.ign", "The Ignition configs that the machines boot with.",
				[]string{"create bootstrap-pointer", "create ignition-configs", "create pivot-config", "plan", "status"}},
			{"bootstrap-in-place-for-live-iso.ign", "The Ignition config of a node that installs itself.",
				[]string{"create single-node-ignition-config", "plan", "status"}},
			{"bootstrap-pointer.ign", "A small config that fetches bootstrap.ign.", []string{"create bootstrap-pointer", "plan", "status"}},
			{"auth/kubeconfig", "The administrator's access to the cluster. Back it up.", union(makes, asksCluster)},
			{"auth/kubeadmin-password", "The password of the console's first user. Back it up.",
				union(makes, []string{"wait-for install-complete"})},
			{"metadata.json", "The IDs of the cluster, for programs.", makes},
			{".okd_install_state.json", "What cannot be made a second time: keys, certificates, the cluster ID. Back it up.", keeps},
			{".okd_install.lock", "The lock of the command that runs.", writes},
			{".okd_install_commit/", "The result of a command while it is put in place.", writes},
			{".openshift_install.log", "All log lines. Remove it when you like.",
				[]string{"add-nodes", "approve-csrs", "create", "gather bootstrap", "wait-for"}},
			{"replaced-<time>/", "What a run has moved aside.", keeps},
			{"log-bundle-<time>.tar.gz", "What was gathered, for analyze.", logs},
			{".log-bundle-partial/", "What has been gathered so far.", logs[1:]},
			{".okd_install_known_hosts", "The SSH keys of the machines. Remove the line of a machine that was installed again.", asksMachines},
		}},
	}
}
