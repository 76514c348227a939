package bootkube

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
)

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
