package bootkube

import (
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"sigs.k8s.io/yaml"
)

// operation is one run of one operator's command.
type operation struct {
	*call
	*container
	command Command
	flags   map[string][]string
}

type object = map[string]any

// behaviours are what the operators do once their flags are in order.
var behaviours = map[string]func(*operation){
	"cluster-config-api render":                       apiRender,
	"cluster-authentication-operator render":          authRender,
	"cluster-config-operator render":                  configRender,
	"cluster-version-operator render":                 cvoRender,
	"cluster-etcd-operator render":                    etcdRender,
	"cluster-etcd-operator wait-for-ceo":              waitForCEO,
	"cluster-kube-apiserver-operator render":          kasRender,
	"cluster-kube-controller-manager-operator render": kcmRender,
	"cluster-kube-scheduler-operator render":          schedulerRender,
	"cluster-ingress-operator render":                 ingressRender,
	"cluster-node-tuning-operator render":             tuningRender,
	"cluster-node-tuning-operator render-bootcmd-mc":  tuningBootcmd,
	"machine-config-operator bootstrap":               mcoBootstrap,
	"cloud-credential-operator render":                ccoRender,
	"cluster-bootstrap start":                         clusterBootstrap,
	"cluster-bootstrap bootstrap-in-place":            bootstrapInPlace,
}

// families tell how the programs speak when a run fails, by image: the exit code
// and the form of the message. What is not listed ends like klog.Fatal.
var families = map[string]struct {
	code   int
	format string
}{
	"cluster-config-api":              {2, "error: %s\n"},
	"cluster-authentication-operator": {1, "E1122 14:00:00.000000       1 cmd.go:1] \"command failed\" err=%q\n"},
	"cloud-credential-operator":       {1, "time=\"2026-11-22T14:00:00Z\" level=fatal msg=%q\n"},
	"cluster-bootstrap":               {1, "Error: %s\n"},
	"cluster-ingress-operator":        {1, "Error: %s\n"},
}

// fatal ends the operator as it ends when it cannot go on.
func (o *operation) fatal(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	if f, ok := families[o.command.Image]; ok {
		fmt.Fprintf(os.Stderr, f.format, text)
		panic(exit(f.code))
	}
	fmt.Fprintf(os.Stderr, "F1122 14:00:00.000000       1 render.go:1] %s\n", text)
	panic(exit(255))
}

// crash is a panic of the onHost operator: Go's exit code for it is 2.
func (o *operation) crash(text string) {
	fmt.Fprintln(os.Stderr, "panic:", text)
	panic(exit(2))
}

var operatorTable = func() Table {
	raw, err := os.ReadFile("testdata/operators.yaml")
	if err != nil {
		raw, err = os.ReadFile(filepath.Join(fakesDir, "operators.yaml"))
	}
	if err != nil {
		return Table{}
	}
	t, err := Load(raw)
	if err != nil {
		panic(err)
	}
	return t
}

func runOperator(c *call, k *container) int {
	command, args, err := operatorTable().Find(c.setup.Line, k.tag, k.args)
	if err != nil {
		c.complain("%v", err)
		fmt.Fprintf(os.Stderr, "Error: unknown command %q\n", strings.Join(k.args[:min(1, len(k.args))], ""))
		return 1
	}
	for name, flag := range c.setup.MoreFlags[command.Name] {
		command.Flags[name] = flag
	}
	o := &operation{call: c, container: k, command: command, flags: map[string][]string{}}
	if slices.Contains(args, "--help") || slices.Contains(args, "-h") {
		o.help()
		return 0
	}
	o.parse(args)
	for _, name := range sortedNames(command.Flags) {
		if o.flag(name) != "" {
			continue
		}
		switch command.Flags[name].RequiredBy {
		case "cobra":
			fmt.Fprintf(os.Stderr, "Error: required flag(s) %q not set\n", name)
			return 1
		case "validate":
			o.fatal("missing required flag: --%s", name)
		}
	}
	o.checkInputs()
	behave, ok := behaviours[command.Name]
	if !ok {
		c.complain("%s is not played", command.Name)
		return 127
	}
	behave(o)
	return 0
}

// outputs are the flags that name what is written. What another flag names
// below a mounted folder is read, and must be there; optional are those that
// the operator passes over.
var (
	outputs = []string{
		"asset-output-dir", "config-output-file", "cpc-config-output-file", "cloud-provider-config-output-file",
		"dest-dir", "output-dir", "output",
	}
	optional = []string{"cluster-auth-file"}
)

func (o *operation) checkInputs() {
	for _, name := range sortedNames(o.flags) {
		for _, value := range o.flags[name] {
			onHost, ok := o.host(value)
			switch {
			case !strings.Contains(value, "/") || onHost == "" || slices.Contains(optional, name):
			case slices.Contains(outputs, name):
				trace("make", onHost)
			case !ok:
				o.complain("--%s=%s is not there", name, value)
			default:
				trace("read", onHost)
			}
		}
	}
}

func (o *operation) help() {
	fmt.Printf("Usage:\n  %s [flags]\n\nFlags:\n", o.command.Name)
	for _, name := range sortedNames(o.command.Flags) {
		fmt.Printf("      --%s %s\n", name, o.command.Flags[name].Type)
	}
	fmt.Println("  -h, --help")
}

// parse reads the flags as the program does.
func (o *operation) parse(args []string) {
	for len(args) > 0 {
		arg := args[0]
		args = args[1:]
		name, value, given := strings.Cut(arg, "=")
		bare := strings.TrimLeft(name, "-")
		flag, ok := o.command.Flags[bare]
		if !strings.HasPrefix(name, "--") && !o.command.GoFlags {
			ok = false
			for long, f := range o.command.Flags {
				if f.Short != "" && "-"+f.Short == name {
					bare, flag, ok = long, f, true
				}
			}
		}
		switch {
		case bare == name:
			o.complain("%s takes no argument %q", o.command.Name, arg)
			continue
		case !ok:
			o.unknownFlag(name)
		case !given && flag.Type == "bool":
			value = "true"
		case !given && len(args) == 0:
			o.unknownFlag(name)
		case !given:
			value, args = args[0], args[1:]
		}
		o.check(bare, flag, value)
		o.flags[bare] = append(o.flags[bare], value)
	}
}

func (o *operation) unknownFlag(name string) {
	o.complain("%s of %s has no flag %s", o.command.Name, o.setup.Line, name)
	if o.command.GoFlags {
		fmt.Fprintf(os.Stderr, "flag provided but not defined: -%s\n", strings.TrimLeft(name, "-"))
	} else {
		fmt.Fprintf(os.Stderr, "Error: unknown flag: %s\n", name)
	}
	panic(exit(o.command.UnknownFlag))
}

// check refuses a value that is not of the flag's type.
func (o *operation) check(name string, flag Flag, value string) {
	bad := false
	switch flag.Type {
	case "bool":
		bad = value != "true" && value != "false"
	case "duration":
		_, err := time.ParseDuration(value)
		bad = err != nil
	}
	if bad {
		o.complain("--%s: %q is not a %s", name, value, flag.Type)
		panic(exit(o.command.UnknownFlag))
	}
}

func (o *operation) flag(name string) string {
	if values := o.flags[name]; len(values) > 0 {
		return values[len(values)-1]
	}
	return ""
}

// read reads a file of the container's; the error is the operator's own.
func (o *operation) read(name string) ([]byte, error) {
	onHost, ok := o.host(name)
	if !ok {
		return nil, fmt.Errorf("open %s: no such file or directory", name)
	}
	return os.ReadFile(onHost)
}

// mustRead ends the operator if a file is not there.
func (o *operation) mustRead(name, format string) []byte {
	data, err := o.read(name)
	if err != nil {
		o.fatal(format, err)
	}
	return data
}

// write writes a file, with its folders, like most operators.
func (o *operation) write(name string, content any, mode os.FileMode) {
	onHost, ok := o.host(name)
	if onHost == "" {
		return // into the container's own file system, which goes away
	}
	if o.readOnly(name) {
		o.fatal("open %s: read-only file system", name)
	}
	data, isBytes := content.([]byte)
	if !isBytes {
		data, _ = yaml.Marshal(content)
	}
	if !ok {
		o.mkdir(path.Dir(name), 0o755)
	}
	if err := o.put(onHost, data, mode); err != nil {
		o.fatal("%v", err)
	}
}

func (o *operation) mkdir(name string, mode os.FileMode) {
	if onHost, _ := o.host(name); onHost != "" {
		if err := os.MkdirAll(onHost, mode); err != nil {
			o.fatal("%v", err)
		}
	}
}

// Manifests that an image of the release brings along, where the test has put them there.
const (
	// imageDefinitions is where the image of the API has its definitions.
	imageDefinitions = "/usr/share/bootkube/manifests/manifests"
	// imageManifests holds others by the names of the files that operators write.
	imageManifests = "/usr/share/okd-test/manifests"
)

// namespaceFiles name the namespaces that files of these names hold.
var namespaceFiles = map[string]string{
	"00_openshift-etcd-ns.yaml":                             "openshift-etcd",
	"00_openshift-kube-apiserver-ns.yaml":                   "openshift-kube-apiserver",
	"00_openshift-kube-apiserver-operator-ns.yaml":          "openshift-kube-apiserver-operator",
	"00_openshift-kube-controller-manager-ns.yaml":          "openshift-kube-controller-manager",
	"00_openshift-kube-controller-manager-operator-ns.yaml": "openshift-kube-controller-manager-operator",
	"00_openshift-kube-scheduler-ns.yaml":                   "openshift-kube-scheduler",
	"0000_00_cluster-version-operator_namespace.yaml":       "openshift-cluster-version",
	"0000_00_namespace-openshift-infra.yaml":                "openshift-infra",
	"cco-namespace.yaml":                                    "openshift-cloud-credential-operator",
	"cluster-ingress-00-namespace.yaml":                     "openshift-ingress-operator",
}

// plain is a small object that is its own: its name is the file's. An API server takes
// namespaces as what they are, and definitions if the image brings them; the others, of
// whatever kind they would be, are ConfigMaps.
func (o *operation) plain(file string) object {
	if raw, err := os.ReadFile(filepath.Join(imageManifests, file)); err == nil {
		brought, err := decode(raw)
		if err != nil {
			o.fatal("%s of the image: %v", file, err)
		}
		return brought
	}
	if name, ok := namespaceFiles[file]; ok {
		return object{"apiVersion": "v1", "kind": "Namespace", "metadata": object{"name": name}}
	}
	name := strings.NewReplacer("_", "-", ".", "-").Replace(strings.TrimSuffix(file, path.Ext(file)))
	kind, version := "ConfigMap", "v1"
	if strings.Contains(file, "crd") {
		kind, version = "CustomResourceDefinition", "apiextensions.k8s.io/v1"
	}
	return object{"apiVersion": version, "kind": kind, "metadata": object{"name": name, "namespace": "kube-system"}}
}

// writeTable writes the manifests and pods that the table names.
func (o *operation) writeTable(out string) {
	for _, name := range o.command.Manifests {
		o.write(path.Join(out, "manifests", name), o.plain(name), 0o644)
	}
	for _, name := range o.command.Pods {
		o.write(path.Join(out, "bootstrap-manifests", name), pod(strings.TrimSuffix(name, ".yaml")), 0o644)
	}
}

func pod(name string) object {
	return object{"apiVersion": "v1", "kind": "Pod", "metadata": object{"name": "bootstrap-" + name, "namespace": "kube-system"}}
}

// walk lists the files below a folder of the container.
func (o *operation) walk(dir string) (names []string, err error) {
	onHost, ok := o.host(dir)
	if !ok {
		return nil, fmt.Errorf("lstat %s: no such file or directory", dir)
	}
	err = filepath.WalkDir(onHost, func(name string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			names = append(names, name)
		}
		return err
	})
	return names, err
}
