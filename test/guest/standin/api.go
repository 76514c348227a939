package main

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/okd-project/okd-install/test/bootkube"
)

// api is an API server as far as the host can tell: it shows the certificate for
// the name that it is asked by, wants an administrator's client certificate, and
// keeps objects. It outlives the static pod, as the cluster's own API server
// behind the same load balancer would, and so keeps them in a file.
type api struct {
	mutex   sync.Mutex
	Objects map[string]object
	asked   int
	stopped bool
}

// apiState is what the API keeps beside its objects.
func apiState() string { return filepath.Join(bootkube.FakesDir, "api") }

// apiObjects is where the objects survive a reboot, or that a node installs itself.
const apiObjects = "/var/lib/etcd/member/objects.json"

// served are the certificates of the API server, by the first part of the name
// that they are for.
var served = map[string]string{
	"localhost": "kube-apiserver-localhost-server", "api": "kube-apiserver-lb-server", "api-int": "kube-apiserver-internal-lb-server",
	"kubernetes": "kube-apiserver-service-network-server",
}

// startAPI serves with the certificates of a folder, or with those of an earlier
// start.
func startAPI(secrets string) (*api, error) {
	keep := filepath.Join(apiState(), "tls")
	if secrets != "" {
		if err := os.RemoveAll(keep); err != nil {
			return nil, err
		}
		if err := os.CopyFS(keep, os.DirFS(secrets)); err != nil {
			return nil, err
		}
	}
	certificates := map[string]tls.Certificate{}
	for host, name := range served {
		pair, err := tls.LoadX509KeyPair(filepath.Join(keep, name+".crt"), filepath.Join(keep, name+".key"))
		if err != nil {
			return nil, err
		}
		certificates[host] = pair
	}
	raw, err := os.ReadFile(filepath.Join(keep, "kube-apiserver-complete-client-ca-bundle.crt"))
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(raw)
	a := &api{Objects: map[string]object{}}
	if raw, err := os.ReadFile(apiObjects); err != nil {
		a.seedCluster()
	} else if err := json.Unmarshal(raw, a); err != nil {
		return nil, err
	}
	a.seed()
	server := &http.Server{Addr: ":6443", Handler: a, TLSConfig: &tls.Config{
		MinVersion: tls.VersionTLS12, ClientCAs: pool, ClientAuth: tls.VerifyClientCertIfGiven,
		GetCertificate: func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
			host, _, _ := strings.Cut(hello.ServerName, ".")
			pair, ok := certificates[host]
			if !ok {
				pair = certificates["localhost"]
			}
			return &pair, nil
		},
	}}
	go func() { bootkube.Complain("api", "ends: %v", server.ListenAndServeTLS("", "")) }()
	return a, nil
}

// seed puts in place what others than this host tell the API: the nodes that
// want to join.
func (a *api) seed() {
	for _, name := range []string{"csr-aaaaa", "csr-bbbbb"} {
		a.add("certificatesigningrequests", object{"kind": "CertificateSigningRequest", "metadata": object{"name": name}, "status": object{}})
	}
	a.add("nodes", object{"kind": "Node", "metadata": object{"name": "master-0", "labels": object{"node-role.kubernetes.io/master": ""}}})
	// what a single node asks for that has installed itself
	if _, err := os.Stat(filepath.Join(manifests, "etcd-pod.yaml")); err == nil {
		a.add("certificatesigningrequests", object{
			"kind": "CertificateSigningRequest", "metadata": object{"name": "csr-of-the-node"}, "status": object{},
		})
	}
}

// seedCluster is what the pods of the bootstrap leave, and the operators of the cluster.
func (a *api) seedCluster() {
	for namespace, name := range map[string]string{"openshift-cluster-version": "version", "kube-system": "cluster-policy-controller-lock"} {
		a.add("leases", object{"kind": "Lease", "metadata": object{"namespace": namespace, "name": name}})
	}
	a.add("pods", object{"kind": "Pod", "metadata": object{"namespace": operatorNamespace, "name": "kube-apiserver-operator"}})
	a.add("clusteroperators", object{
		"kind": "ClusterOperator", "metadata": object{"name": "console"},
		"status": object{"conditions": conditions("Available", false)},
	})
}

const operatorNamespace = "openshift-kube-apiserver-operator"

func conditions(kind string, is bool) []any {
	status := "False"
	if is {
		status = "True"
	}
	return []any{object{"type": "Progressing", "status": "True"}, object{"type": kind, "status": status}}
}

// progress is how far the cluster has come when it is asked for an object.
func (a *api) progress(kind, namespace string, o object) {
	switch {
	case kind == "nodes":
		ready := true
		for k, csr := range a.Objects {
			if status, _ := csr["status"].(object); strings.HasPrefix(k, "certificatesigningrequests/") && status["certificate"] == nil {
				ready = false
			}
		}
		o["status"] = object{"conditions": conditions("Ready", ready)}
	case kind == "pods" && namespace == operatorNamespace:
		a.asked++
		o["status"] = object{"conditions": conditions("Ready", a.asked > 1)}
		if a.asked > 1 {
			_ = os.WriteFile(operatorsReady(), nil, 0o600)
		}
	case kind == "clusterversions":
		if _, err := os.Stat(operatorsReady()); err == nil {
			a.asked++
			merge(o, object{"status": object{"conditions": conditions("Available", a.asked > 1)}})
		}
	}
}

// setPods shows the static pods that run as pods of the API.
func (a *api) setPods(names []string) error {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	changed := false
	for _, pod := range names {
		namespace, name, _ := strings.Cut(pod, "/")
		changed = a.add("pods", object{"kind": "Pod", "metadata": object{"namespace": namespace, "name": name}}) || changed
	}
	if !changed {
		return nil
	}
	return a.save()
}

// plural is how the API names a kind, or what oc was given for it.
func plural(kind string) string {
	kind, _, _ = strings.Cut(strings.ToLower(kind), ".")
	switch {
	case kind == "csr":
		return "certificatesigningrequests"
	case strings.HasSuffix(kind, "proxy"), strings.HasSuffix(kind, "policy"):
		return strings.TrimSuffix(kind, "y") + "ies"
	case kind == "dns", kind == "ingress":
		return kind + "es"
	case strings.HasSuffix(kind, "s"):
		return kind
	}
	return kind + "s"
}

func key(kind, namespace, name string) string { return kind + "/" + namespace + "/" + name }

// add keeps an object that is not there yet.
func (a *api) add(kind string, o object) bool {
	meta, _ := o["metadata"].(object)
	namespace, _ := meta["namespace"].(string)
	if kind == "clusterversions" {
		namespace = "" // it has none, whatever its manifest says
	}
	name, _ := meta["name"].(string)
	k := key(kind, namespace, name)
	if _, ok := a.Objects[k]; ok {
		return false
	}
	a.Objects[k] = o
	return true
}

func (a *api) save() error {
	raw, err := json.Marshal(a)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(apiObjects), 0o700); err != nil {
		return err
	}
	if err := os.WriteFile(apiObjects+".new", raw, 0o600); err != nil {
		return err
	}
	return os.Rename(apiObjects+".new", apiObjects)
}

// stop has the API say that it cannot reach etcd, from now on.
func (a *api) stop() {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	a.stopped = true
}

func (a *api) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	if a.stopped {
		http.Error(w, "etcd failed: reason withheld", http.StatusInternalServerError)
		return
	}
	switch r.URL.Path {
	case "/readyz":
		fmt.Fprint(w, "ok")
		return
	case "/version":
		fmt.Fprintf(w, `{"gitVersion":"v%s"}`, bootkube.ReadSetup().Kubernetes)
		return
	}
	if r.TLS == nil || len(r.TLS.VerifiedChains) == 0 || !slices.Contains(r.TLS.PeerCertificates[0].Subject.Organization, "system:masters") {
		http.Error(w, "Forbidden", http.StatusForbidden)
		return
	}
	kind, ok := strings.CutPrefix(r.URL.Path, "/objects/")
	switch {
	case r.URL.Path == "/openapi/v2":
		fmt.Fprintf(w, `{"swagger":"2.0","info":{"title":"a stand-in for the API"},"paths":{%q:{}}}`, strings.Repeat("/x", 200))
	case !ok:
		http.NotFound(w, r)
	case r.Method == http.MethodPost:
		a.post(w, r, kind)
	case r.Method == http.MethodPatch:
		a.patch(w, r, kind)
	case r.Method == http.MethodDelete:
		delete(a.Objects, key(kind, r.URL.Query().Get("namespace"), r.URL.Query().Get("name")))
		a.answer(w, http.StatusOK, object{"status": "Success"})
	default:
		a.get(w, r, kind)
	}
}

func (a *api) post(w http.ResponseWriter, r *http.Request, kind string) {
	var o object
	if err := json.NewDecoder(r.Body).Decode(&o); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	if !a.add(kind, o) {
		http.Error(w, "AlreadyExists", http.StatusConflict)
		return
	}
	a.answer(w, http.StatusCreated, o)
}

func (a *api) answer(w http.ResponseWriter, code int, o object) {
	if err := a.save(); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(o)
}

// patch merges by RFC 7396.
func (a *api) patch(w http.ResponseWriter, r *http.Request, kind string) {
	var change object
	if err := json.NewDecoder(r.Body).Decode(&change); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	k := key(kind, r.URL.Query().Get("namespace"), r.URL.Query().Get("name"))
	o, ok := a.Objects[k]
	if !ok {
		http.Error(w, k+" is not found", http.StatusNotFound)
		return
	}
	merge(o, change)
	a.answer(w, http.StatusOK, o)
}

func merge(o, change object) {
	for name, value := range change {
		inner, isObject := value.(object)
		have, hasObject := o[name].(object)
		switch {
		case value == nil:
			delete(o, name)
		case isObject && hasObject:
			merge(have, inner)
		default:
			o[name] = value
		}
	}
}

func (a *api) get(w http.ResponseWriter, r *http.Request, kind string) {
	namespace, name := r.URL.Query().Get("namespace"), r.URL.Query().Get("name")
	if kind == "kubeapiservers" && name == "cluster" {
		// the second master runs the API server of the cluster a little later
		a.asked++
		second := 0
		if a.asked > 1 {
			second = 4
		}
		a.answer(w, http.StatusOK, object{"status": object{"nodeStatuses": []any{
			object{"nodeName": "master-0", "currentRevision": 3},
			object{"nodeName": "master-1", "currentRevision": second},
			object{"nodeName": "master-2"},
		}}})
		return
	}
	if kind == "endpoints" && name == "kubernetes" {
		a.answer(w, http.StatusOK, object{"subsets": []any{object{"addresses": []any{object{"ip": "192.0.2.11"}, object{"ip": "192.0.2.12"}}}}})
		return
	}
	if name != "" {
		o, ok := a.Objects[key(kind, namespace, name)]
		if !ok {
			http.Error(w, key(kind, namespace, name)+" is not found", http.StatusNotFound)
			return
		}
		a.progress(kind, namespace, o)
		a.answer(w, http.StatusOK, o)
		return
	}
	var keys []string
	for k := range a.Objects {
		if strings.HasPrefix(k, kind+"/"+namespace) {
			keys = append(keys, k)
		}
	}
	slices.Sort(keys)
	items := []any{}
	for _, k := range keys {
		a.progress(kind, namespace, a.Objects[k])
		items = append(items, a.Objects[k])
	}
	a.answer(w, http.StatusOK, object{"kind": "List", "items": items})
}
