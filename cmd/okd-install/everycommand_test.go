package main

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"

	"github.com/okd-project/okd-install/cmd/okd-install/internal/cli"
	"github.com/okd-project/okd-install/cmd/okd-install/internal/root"
	"github.com/okd-project/okd-install/pkg/rhcos/iso/isotest"
)

// lines are command lines that drive each command, with what it lists in each of its
// forms. DIR is an asset directory, ISO and INITRD are media with a config in them,
// OUT is a new file, BUNDLE a log bundle, URL a file on a server that refuses.
// What is not in the table fails TestLinesDriveEveryCommand.
var lines = map[string][]string{
	"add-nodes":                          {"--dir DIR --kubeconfig DIR/auth/kubeconfig --nodes worker-1", "--dir DIR --nodes worker-1 -o json"},
	"agent":                              {""},
	"analyze":                            {"--file BUNDLE", "--file BUNDLE -o json", "--file BUNDLE -o yaml", "FOLDER"},
	"approve-csrs":                       {"--dir DIR --nodes worker-1 --dry-run", "--dir DIR --nodes worker-1 --dry-run -o json", "--dir DIR --nodes-file DIR/install-config.yaml --dry-run"},
	"certs":                              {"--dir DIR", "--dir DIR -o json", "--dir DIR -o yaml"},
	"completion":                         {"bash", "zsh", "fish", "powershell"},
	"coreos check":                       {"--image ISO", "--image FAR -o json", "--image scos --release 4.22"},
	"coreos download":                    {"--url URL --sha256 SUM -C OUT", "--url URL --sha256 SUM -C OUT -o json", "--url FAR --sha256 SUM -C OUT"},
	"coreos image":                       {"", "-o json", "-o url"},
	"coreos import-stream":               {"DIR/install-config.yaml -C OUT"},
	"coreos iso customize":               {"--dest-ignition DIR/worker.ign --dest-device /dev/sda --network-keyfile KEYFILE -o OUT PLAINISO", "--live-ignition DIR/install-config.yaml -o OUT PLAINISO"},
	"coreos iso ignition embed":          {"-i DIR/worker.ign -o OUT PLAINISO", "-i DIR/install-config.yaml -o OUT PLAINISO", "-i DIR/worker.ign ISO"},
	"coreos iso ignition remove":         {"-o OUT ISO"},
	"coreos iso ignition show":           {"ISO", "PLAINISO"},
	"coreos iso kargs modify":            {"-a a=b -o OUT ISO", "-d nothing -o OUT ISO"},
	"coreos iso kargs reset":             {"-o OUT ISO"},
	"coreos iso kargs show":              {"ISO"},
	"coreos iso network embed":           {"-k KEYFILE -o OUT PLAINISO", "-k DIR/install-config.yaml -o OUT PLAINISO"},
	"coreos iso network extract":         {"ISO", "ISO -C OUT"},
	"coreos iso network remove":          {"-o OUT ISO"},
	"coreos iso reset":                   {"-o OUT ISO"},
	"coreos iso show":                    {"ISO", "ISO -o json", "ISO -o yaml"},
	"coreos print-stream-json":           {""},
	"coreos pxe customize":               {"--dest-ignition DIR/worker.ign --dest-device /dev/sda -o OUT INITRD", "--live-ignition DIR/install-config.yaml -o OUT INITRD"},
	"coreos pxe grub":                    {"--base-url http://h/ --kernel k --initramfs i --rootfs r"},
	"coreos pxe ignition unwrap":         {"WRAPPED", "INITRD"},
	"coreos pxe ignition wrap":           {"-i DIR/worker.ign -o OUT", "-i DIR/install-config.yaml -o OUT"},
	"coreos pxe ipxe":                    {"--base-url http://h/ --kernel k --initramfs i --rootfs r"},
	"coreos pxe network unwrap":          {"NETWORK", "NETWORK -C OUT"},
	"coreos pxe network wrap":            {"-k KEYFILE -o OUT", "-k DIR/install-config.yaml -o OUT"},
	"create bootstrap-pointer":           {"--dir DIR --url https://h/bootstrap.ign"},
	"create cluster":                     {"--dir DIR"},
	"create ignition-configs":            {"--dir DIR --leaf-key ecdsa-p256", "--dir DIR --leaf-key ecdsa-p256 --reissue", "--dir DIR --leaf-key ecdsa-p256 --overwrite"},
	"create install-config":              {"--dir DIR", "--dir OUT --answers DIR/answers.yaml", "--dir OUT --answers DIR/install-config.yaml", "--dir OUT --cluster-name okd"},
	"create manifests":                   {"--dir DIR --leaf-key ecdsa-p256", "--dir DIR --leaf-key ecdsa-p256 --overwrite --log-level debug"},
	"create permissions-policy":          {"--dir DIR"},
	"create pivot-config":                {"--dir DIR --role worker --device /dev/sda --dry-run", "--dir DIR --role worker --device /dev/sda --dry-run -o json", "--dir DIR --role worker --device /dev/sda"},
	"create single-node-ignition-config": {"--dir DIR --leaf-key ecdsa-p256"},
	"destroy bootstrap":                  {"--dir DIR"},
	"destroy cluster":                    {"--dir DIR"},
	"explain":                            {"", "proxy.httpProxy", "pullSecret -o json", "nothing"},
	"gather bootstrap":                   {"--dir DIR --bootstrap 192.0.2.1 --master 192.0.2.2 --key KEY"},
	"graph":                              {"", "--format json"},
	"help":                               {"create", "nothing"},
	"ignition cat":                       {"DIR/bootstrap.ign bootkube.service", "DIR/bootstrap.ign nothing", "DIR/install-config.yaml x", "CONFIG /secret"},
	"ignition diff":                      {"DIR/master.ign DIR/worker.ign", "CONFIG DIR/worker.ign -o json", "DIR/bootstrap.ign CONFIG", "DIR/bootstrap.ign CONFIG -o yaml", "FOLDER DIR/manifests"},
	"ignition extract":                   {"DIR/worker.ign -C OUT", "CONFIG -C OUT"},
	"ignition ls":                        {"CONFIG", "CONFIG -o json", "CONFIG -o yaml", "DIR/bootstrap.ign", "DIR/install-config.yaml"},
	"ignition tree":                      {"CONFIG", "DIR/bootstrap.ign"},
	"ignition validate":                  {"CONFIG", "CONFIG -o json", "DIR/install-config.yaml"},
	"ignition why":                       {"DIR/bootstrap.ign bootkube.sh", "DIR/bootstrap.ign kubeadmin-password -o json", "CONFIG /secret"},
	"image-based":                        {""},
	"man":                                {"-C OUT"},
	"migrate":                            {""},
	"plan":                               {"ignition-configs --dir DIR", "ignition-configs --dir DIR -o json", "manifests --dir DIR --overwrite -o yaml", "bootstrap-pointer --dir DIR --url https://h/bootstrap.ign"},
	"releases list":                      {"--dir DIR", "--dir DIR -o json", "--dir DIR --online"},
	"releases pin":                       {"--dir DIR", "--dir DIR -o json --digest sha256:SUM --release 4.22"},
	"schema":                             {""},
	"status":                             {"--dir DIR", "--dir DIR -o json", "--dir DIR -o yaml", "--dir DIR --cluster", "--dir DIR --cluster -o json"},
	"validate":                           {"--dir DIR", "--dir DIR -o json", "DIR/install-config.yaml -o yaml"},
	"version":                            {"", "-o json"},
	"wait-for bootstrap-complete":        {"--dir DIR", "--dir DIR -o json"},
	"wait-for install-complete":          {"--dir DIR --log-level debug", "--dir DIR -o json"},
}

// leaves are the commands that do something, by what is typed for them, hidden ones
// among them.
func leaves() map[string]*cobra.Command {
	found := map[string]*cobra.Command{}
	var walk func(*cobra.Command)
	walk = func(cmd *cobra.Command) {
		for _, c := range cmd.Commands() {
			walk(c)
		}
		if !cmd.HasSubCommands() {
			found[cli.Words(cmd)] = cmd
		}
	}
	walk(rootCommand())
	return found
}

// A command that is not driven could print anything.
func TestLinesDriveEveryCommand(t *testing.T) {
	t.Parallel()
	all := leaves()
	for name := range all {
		if len(lines[name]) == 0 {
			t.Errorf("%s has no row in lines", name)
		}
	}
	for name := range lines {
		if all[name] == nil {
			t.Errorf("lines has a row for %s, which is no command", name)
		}
	}
}

// workspace is a folder in which every line has what it names.
type workspace struct {
	root string
	// server is where files are downloaded from.
	server string
	// environment are variables.
	environment map[string]string
	// terminal is as if somebody looked on.
	terminal bool
	// screens, if any, are where somebody looks on; shown is called at the end, for what
	// they show.
	screens func() (stdout, stderr io.Writer, shown func() (stdout, stderr string))
	// state is that of the cluster; complete if it is empty.
	state string
	// taint changes what the cluster answers.
	taint func([]byte) []byte
	// asked are the variables that were looked at.
	asked map[string]bool
	outs  int
}

// at is the path of a file of the workspace.
func (w *workspace) at(name string) string { return filepath.Join(w.root, filepath.FromSlash(name)) }

func (w *workspace) write(t testing.TB, name string, data []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(w.at(name)), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(w.at(name), data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// dir is the name of the asset directory in the workspace.
const assetDir = "c"

// newWorkspace makes one with an asset directory of a cluster, whose Ignition configs
// are made.
func newWorkspace(t testing.TB, config string, manifests map[string]string) *workspace {
	t.Helper()
	w := &workspace{
		root:        t.TempDir(),
		server:      "http://127.0.0.1:1",
		environment: map[string]string{"OKD_INSTALL_PAUSE": "1ms", "OKD_INSTALL_STALL": "2s"},
		asked:       map[string]bool{},
	}
	w.write(t, assetDir+"/install-config.yaml", []byte(config))
	initrd, err := liveInitramfs()
	if err != nil {
		t.Fatal(err)
	}
	w.write(t, "plain.iso", isotest.Layout{}.Image())
	w.write(t, "live-initramfs.img", initrd)
	w.write(t, "eth0.nmconnection", []byte("[connection]\nid=eth0\ntype=ethernet\n"))
	w.write(t, "config.ign", []byte(`{"ignition":{"version":"3.4.0"}}`))
	w.write(t, "key", []byte("no key\n"))
	w.write(t, "log-bundle-1.tar.gz", packed("log-bundle-1/", stoppedBundle))
	w.write(t, "folder/x", nil)
	w.mustRun(t, "create manifests --dir DIR --leaf-key ecdsa-p256")
	for name, text := range manifests {
		w.write(t, assetDir+"/"+name, []byte(text))
	}
	w.mustRun(t, "create ignition-configs --dir DIR --leaf-key ecdsa-p256")
	return w
}

// fillMedia puts the workspace's configs into its media.
func (w *workspace) fillMedia(t testing.TB) {
	t.Helper()
	w.mustRun(t, "coreos iso ignition embed -i CONFIG -o ISO PLAINISO")
	w.mustRun(t, "coreos iso network embed -k KEYFILE ISO")
	w.mustRun(t, "coreos pxe ignition wrap -i CONFIG -o WRAPPED")
	w.mustRun(t, "coreos pxe network wrap -k KEYFILE -o NETWORK")
}

func (w *workspace) mustRun(t testing.TB, line string) {
	t.Helper()
	if got := w.run(w.words(line)); got.code != cli.ExitOK {
		t.Fatalf("%s ends with %d: %s", line, got.code, got.stderr)
	}
}

// words makes the arguments of a line. Each new file is another.
func (w *workspace) words(line string) []string {
	args := strings.Fields(line)
	w.outs++
	replace := strings.NewReplacer(
		"DIR", w.at(assetDir), "PLAINISO", w.at("plain.iso"), "ISO", w.at("live.iso"),
		"INITRD", w.at("live-initramfs.img"), "WRAPPED", w.at("wrapped.img"), "NETWORK", w.at("network.img"),
		"KEYFILE", w.at("eth0.nmconnection"), "KEY", w.at("key"),
		"OUT", w.at(fmt.Sprintf("out-%d", w.outs)), "BUNDLE", w.at("log-bundle-1.tar.gz"),
		"FOLDER", w.at("folder"), "CONFIG", w.at("config.ign"),
		"URL", w.server+"/f.iso", "FAR", "https://127.0.0.1:1/f.iso", "SUM", strings.Repeat("0", 64))
	for i := range args {
		args[i] = replace.Replace(args[i])
	}
	return args
}

// outcome is all that a run shows.
type outcome struct {
	args           []string
	code           cli.Exit
	stdout, stderr string
	log            string
}

func (o outcome) String() string {
	return fmt.Sprintf("%q ends with %d\nstdout: %.4000q\nstderr: %.4000q\nlog: %.4000q", o.args, o.code, o.stdout, o.stderr, o.log)
}

// refusing is a network on which no registry answers.
type refusing struct{}

func (refusing) RoundTrip(r *http.Request) (*http.Response, error) {
	return nil, fmt.Errorf("dial tcp: %s refuses the connection", r.URL)
}

// run runs the program within the test, with a cluster that is complete.
func (w *workspace) run(args []string) outcome {
	var out, said bytes.Buffer
	a := cli.New("", "")
	a.Name, a.In, a.Terminal, a.LockWait = "okd-install", strings.NewReader(""), w.terminal, 10*time.Millisecond
	a.Now = func() time.Time { return time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC) }
	a.Getenv = func(name string) string {
		w.asked[name] = true
		return w.environment[name]
	}
	shown := func() (string, string) { return out.String(), said.String() }
	if a.SetStreams(&out, &said); w.screens != nil {
		var stdout, stderr io.Writer
		stdout, stderr, shown = w.screens()
		a.SetStreams(stdout, stderr)
	}
	(&fakeCluster{app: a, state: cmp.Or(w.state, "complete"), taint: w.taint}).attach()
	a.DialSSH = dialMachine
	a.Transport = refusing{}
	logs := w.logs()
	for _, name := range logs {
		_ = os.Remove(name)
	}
	code := a.Run(args, root.NewCmd)
	o := outcome{args: args, code: code}
	o.stdout, o.stderr = shown()
	for _, name := range w.logs() {
		data, _ := os.ReadFile(name)
		o.log += string(data)
	}
	return o
}

// logs are the log files of the workspace, wherever the asset directory was.
func (w *workspace) logs() []string {
	var found []string
	for _, pattern := range []string{"*", "*/*"} {
		names, _ := filepath.Glob(filepath.Join(w.root, pattern, cli.LogFile))
		found = append(found, names...)
	}
	return found
}

// snapshot remembers the asset directory, and returns what puts it back.
func (w *workspace) snapshot(t testing.TB) (restore func()) {
	t.Helper()
	kept, err := files(w.at(assetDir))
	if err != nil {
		t.Fatal(err)
	}
	return func() {
		if err := os.RemoveAll(w.at(assetDir)); err != nil {
			t.Fatal(err)
		}
		for name, data := range kept {
			w.write(t, assetDir+"/"+name, data)
		}
	}
}

// everyLine runs all lines of the table, for which wanted says so.
func (w *workspace) everyLine(t *testing.T, wanted func(name, line string) bool, check func(name string, got outcome)) {
	t.Helper()
	restore := w.snapshot(t)
	names := make([]string, 0, len(lines))
	for name := range lines {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		for _, line := range lines[name] {
			if wanted == nil || wanted(name, line) {
				check(name, w.run(w.words(name+" "+line)))
				if strings.HasPrefix(name, "create") || name == "releases pin" {
					restore()
				}
			}
		}
	}
}
