package main

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"sigs.k8s.io/yaml"

	"github.com/okd-project/okd-install/test/bootkube"
)

type object = map[string]any

// kubeconfig is what we read of one.
type kubeconfig struct {
	Clusters []struct {
		Cluster struct {
			Server string `json:"server"`
			CA     []byte `json:"certificate-authority-data"`
		} `json:"cluster"`
	} `json:"clusters"`
	Users []struct {
		User struct {
			Cert []byte `json:"client-certificate-data"`
			Key  []byte `json:"client-key-data"`
		} `json:"user"`
	} `json:"users"`
}

// client asks the API with the credentials of a kubeconfig, and trusts whom that
// trusts.
type client struct {
	server string
	http   http.Client
}

func newClient(file string) (*client, error) {
	raw, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var k kubeconfig
	if err := yaml.Unmarshal(raw, &k); err != nil {
		return nil, err
	}
	if len(k.Clusters) != 1 || len(k.Users) != 1 {
		return nil, fmt.Errorf("%s has %d clusters and %d users", file, len(k.Clusters), len(k.Users))
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(k.Clusters[0].Cluster.CA) {
		return nil, fmt.Errorf("%s has no authority", file)
	}
	pair, err := tls.X509KeyPair(k.Users[0].User.Cert, k.Users[0].User.Key)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	c := &client{server: k.Clusters[0].Cluster.Server}
	c.http.Timeout = 10 * time.Second
	c.http.Transport = &http.Transport{TLSClientConfig: &tls.Config{
		RootCAs: pool, Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12,
	}}
	return c, nil
}

// errConflict tells that the object is there already.
var errConflict = errors.New("already exists")

func (c *client) do(method, path string, query url.Values, body any) ([]byte, error) {
	var raw []byte
	if body != nil {
		var err error
		if raw, err = json.Marshal(body); err != nil {
			return nil, err
		}
	}
	request, err := http.NewRequest(method, c.server+path+"?"+query.Encode(), bytes.NewReader(raw))
	if err != nil {
		return nil, err
	}
	response, err := c.http.Do(request)
	if err != nil {
		return nil, err
	}
	defer func() { _ = response.Body.Close() }()
	said, err := io.ReadAll(response.Body)
	switch {
	case err != nil:
		return nil, err
	case response.StatusCode == http.StatusConflict:
		return nil, errConflict
	case response.StatusCode >= 300:
		return nil, fmt.Errorf("error from server: %s: %s", response.Status, said)
	}
	return said, nil
}

// controlPlane is what cluster-bootstrap waits for: the API answers, has taken
// the manifests, the required pods run and the nodes have joined.
func controlPlane() error {
	c, err := newClient("/assets/auth/kubeconfig-loopback")
	if err != nil {
		return err
	}
	if err := patiently("the API", func() error {
		_, err := c.do(http.MethodGet, "/readyz", nil, nil)
		return err
	}); err != nil {
		return err
	}
	objects, err := bootkube.Objects("/assets/manifests")
	if err != nil {
		return err
	}
	for file, o := range objects {
		if _, err := c.do(http.MethodPost, "/objects/"+plural(kindOf(o)), nil, o); err != nil && !errors.Is(err, errConflict) {
			return fmt.Errorf("%s: %w", file, err)
		}
	}
	if err := patiently("the required pods", func() error { return requiredPods(c) }); err != nil {
		return err
	}
	return patiently("the nodes to join", func() error { return nodesJoined(c) })
}

func kindOf(o object) string {
	kind, _ := o["kind"].(string)
	return kind
}

func patiently(what string, f func() error) error {
	var err error
	for range 90 {
		if err = f(); err == nil {
			return nil
		}
		time.Sleep(time.Second)
	}
	return fmt.Errorf("waited for %s: %w", what, err)
}

// requiredPods looks for the pods that the flag of cluster-bootstrap names.
func requiredPods(c *client) error {
	for _, arg := range os.Args {
		list, ok := strings.CutPrefix(arg, "--required-pods=")
		if !ok || list == "" {
			continue
		}
		for _, pod := range strings.Split(list, ",") {
			namespace, name, _ := strings.Cut(pod, "/")
			if _, err := c.do(http.MethodGet, "/objects/pods", url.Values{"namespace": {namespace}, "name": {name}}, nil); err != nil {
				return fmt.Errorf("%s: %w", pod, err)
			}
		}
	}
	return nil
}

// nodesJoined wants all requests for certificates approved: a node joins with one.
func nodesJoined(c *client) error {
	raw, err := c.do(http.MethodGet, "/objects/certificatesigningrequests", nil, nil)
	if err != nil {
		return err
	}
	var list struct {
		Items []struct {
			Metadata struct{ Name string }
			Status   struct{ Conditions []any }
		}
	}
	if err := json.Unmarshal(raw, &list); err != nil {
		return err
	}
	for _, csr := range list.Items {
		if len(csr.Status.Conditions) == 0 {
			return fmt.Errorf("%s is pending", csr.Metadata.Name)
		}
	}
	if len(list.Items) == 0 {
		return errors.New("no node asks for a certificate")
	}
	return nil
}

// oc plays the client: `adm release info` out of what the test says about the release,
// the rest against the API.
func oc(args []string) error {
	options, words := map[string]string{}, []string{}
	for i := 0; i < len(args); i++ {
		name, value, given := strings.Cut(args[i], "=")
		takes, known := ocOptions[name]
		switch {
		case !strings.HasPrefix(name, "-"):
			words = append(words, args[i])
			continue
		case !known:
			bootkube.Complain("oc", "the stand-in does not know %s: %v", name, args)
			return fmt.Errorf("unknown flag: %s", name)
		case takes && !given && i+1 < len(args):
			i++
			value = args[i]
		}
		options[name] = value
	}
	output := options["-o"] + options["--output"]
	if len(words) == 4 && strings.Join(words[:3], " ") == "adm release info" {
		return releaseInfo(options, output, words[3])
	}
	file := options["--kubeconfig"]
	if file == "" {
		file = os.Getenv("KUBECONFIG")
	}
	c, err := newClient(file)
	if err != nil {
		bootkube.Complain("oc", "%v: %v", args, err)
		return err
	}
	query := url.Values{}
	if namespace := options["-n"] + options["--namespace"]; namespace != "" {
		query.Set("namespace", namespace)
	}
	switch verb := words[0]; {
	case verb == "get" && options["--raw"] != "":
		raw, err := c.do(http.MethodGet, options["--raw"], nil, nil)
		fmt.Print(string(raw))
		return err
	case verb == "get" && len(words) > 1:
		if len(words) > 2 {
			query.Set("name", words[2])
		}
		raw, err := c.do(http.MethodGet, "/objects/"+plural(words[1]), query, nil)
		if err != nil {
			return err
		}
		return show(raw, output)
	case verb == "create" && len(words) == 3 && words[1] == "configmap":
		key, value, _ := strings.Cut(options["--from-literal"], "=")
		configMap := object{
			"apiVersion": "v1", "kind": "ConfigMap", "metadata": object{"name": words[2], "namespace": query.Get("namespace")},
			"data": object{key: value},
		}
		if options["--dry-run"] == "client" && output == "yaml" {
			raw, err := yaml.Marshal(configMap)
			fmt.Print(string(raw))
			return err
		}
		_, err := c.do(http.MethodPost, "/objects/configmaps", nil, configMap)
		return err
	case verb == "apply" && options["--filename"] == "-":
		return c.apply(os.Stdin)
	case verb == "delete" && len(words) == 3:
		query.Set("name", words[2])
		_, err := c.do(http.MethodDelete, "/objects/"+plural(words[1]), query, nil)
		return err
	case verb == "patch" && len(words) == 3 && options["--type"] == "merge":
		raw, err := os.ReadFile(options["--patch-file"])
		if err != nil {
			return err
		}
		var patch object
		if err := yaml.Unmarshal(raw, &patch); err != nil {
			return err
		}
		query.Set("name", words[2])
		_, err = c.do(http.MethodPatch, "/objects/"+plural(words[1]), query, patch)
		return err
	case len(words) > 3 && strings.Join(words[:3], " ") == "adm certificate approve":
		for _, name := range words[3:] {
			patch := object{"status": object{"conditions": []any{object{"type": "Approved", "status": "True"}}, "certificate": []byte("of " + name)}}
			if _, err := c.do(http.MethodPatch, "/objects/certificatesigningrequests", url.Values{"name": {name}}, patch); err != nil {
				return err
			}
		}
		return nil
	}
	bootkube.Complain("oc", "the stand-in cannot do that: %v", args)
	return errors.New("unknown command")
}

// apply makes the object that is described, or changes it.
func (c *client) apply(description io.Reader) error {
	raw, err := io.ReadAll(description)
	if err != nil {
		return err
	}
	var o object
	if err := yaml.Unmarshal(raw, &o); err != nil {
		return err
	}
	if _, err = c.do(http.MethodPost, "/objects/"+plural(kindOf(o)), nil, o); errors.Is(err, errConflict) {
		meta, _ := o["metadata"].(object)
		query := url.Values{"namespace": {fmt.Sprint(meta["namespace"])}, "name": {fmt.Sprint(meta["name"])}}
		_, err = c.do(http.MethodPatch, "/objects/"+plural(kindOf(o)), query, o)
	}
	return err
}

// ocOptions are the options of oc that the scripts use; the value reports whether
// one takes a value.
var ocOptions = map[string]bool{
	"--kubeconfig": true, "--request-timeout": true, "-n": true, "--namespace": true, "-o": true, "--output": true, "--type": true,
	"--patch-file": true, "--from-literal": true, "--icsp-file": true, "--idms-file": true, "-l": true, "--all-namespaces": false,
	"-A": false, "--raw": true, "--selector": true, "--ignore-not-found": false, "--dry-run": true, "--filename": true,
}

func releaseInfo(options map[string]string, output, image string) error {
	setup := bootkube.ReadSetup()
	if image != setup.Digest {
		bootkube.Complain("oc", "%s is not the release by its digest, %s", image, setup.Digest)
	}
	file := options["--idms-file"]
	if raw, err := os.ReadFile(file); err != nil || !strings.Contains(string(raw), "ImageDigestMirrorSet") {
		bootkube.Complain("oc", "adm release info has no mirrors in %q: %v", file, err)
	}
	if _, err := os.Stat(filepath.Join(os.Getenv("HOME"), ".docker", "config.json")); err != nil {
		bootkube.Complain("oc", "adm release info finds no pull secret: %v", err)
	}
	switch output {
	case "jsonpath={.metadata.version}":
		fmt.Print(setup.Version)
	case "jsonpath={.displayVersions.kubernetes.Version}":
		fmt.Print(setup.Kubernetes)
	default:
		return fmt.Errorf("the stand-in has no such answer: %s", output)
	}
	return nil
}
