package main

import (
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/okd-project/okd-install/test/bootkube"
)

const (
	manifests        = "/etc/kubernetes/manifests"
	bootstrapSecrets = "/etc/kubernetes/bootstrap-secrets"
	crioSocket       = "/var/run/crio/crio.sock"
	crioOverride     = "/etc/crio/crio.conf.d/50-bootstrap-override.conf"
	// containersFile is what crictl lists.
	containersFile = "/run/okd-test-containers.json"
)

// crio wants the pause image of the release in its config, and opens its socket.
func crio([]string) error {
	raw, err := os.ReadFile(crioOverride)
	if err != nil {
		bootkube.Complain("crio", "starts before crio-configure: %v", err)
		return err
	}
	if !strings.Contains(string(raw), `pause_image = "quay.io/okd/scos-content@sha256:`) {
		bootkube.Complain("crio", "has no pause image of the release:\n%s", raw)
	}
	if err := os.MkdirAll(filepath.Dir(crioSocket), 0o755); err != nil {
		return err
	}
	_ = os.Remove(crioSocket)
	l, err := net.Listen("unix", crioSocket)
	if err != nil {
		return err
	}
	if err := ready(); err != nil {
		return err
	}
	for {
		conn, err := l.Accept()
		if err != nil {
			return err
		}
		_ = conn.Close()
	}
}

// kubeletFlags are the flags of a kubelet that runs static pods alone.
var kubeletFlags = []string{
	"--anonymous-auth", "--container-runtime-endpoint", "--runtime-request-timeout", "--pod-manifest-path", "--minimum-container-ttl-duration",
	"--cluster-domain", "--cgroup-driver", "--serialize-image-pulls", "--v", "--volume-plugin-dir", "--pod-infra-container-image",
}

// pod is a static pod as the kubelet knows it.
type pod struct {
	running bool
	tries   int
	content string
	stop    func()
}

func kubelet(args []string) error {
	for _, arg := range args {
		name, value, _ := strings.Cut(arg, "=")
		if !slices.Contains(kubeletFlags, name) || value == "" {
			bootkube.Complain("kubelet", "unknown or empty flag %s", arg)
		}
	}
	conn, err := net.Dial("unix", crioSocket)
	if err != nil {
		bootkube.Complain("kubelet", "starts before CRI-O: %v", err)
		return err
	}
	_ = conn.Close()
	if os.Getenv("MACHINE_CONFIG_INFRA_IMAGE") == "" {
		bootkube.Complain("kubelet", "has no pause image in its environment")
	}
	var server *api
	if _, err := os.Stat(filepath.Join(apiState(), "handed-over")); err == nil {
		// the cluster's own API server, at which the load balancer of its names points now
		var err error
		if server, err = startAPI(""); err != nil {
			return err
		}
	}
	if err := ready(); err != nil {
		return err
	}
	pods := map[string]*pod{}
	for {
		if err := syncPods(pods, &server); err != nil {
			return err
		}
		time.Sleep(300 * time.Millisecond)
	}
}

// syncPods starts the pods whose files have come, and stops those whose files
// have gone.
func syncPods(pods map[string]*pod, server **api) error {
	entries, err := os.ReadDir(manifests)
	if err != nil {
		return err
	}
	var names []string
	for _, e := range entries {
		if !e.IsDir() && !strings.HasPrefix(e.Name(), ".") {
			names = append(names, e.Name())
		}
	}
	for name, p := range pods {
		if raw, _ := os.ReadFile(filepath.Join(manifests, name)); !slices.Contains(names, name) || string(raw) != p.content {
			fmt.Println("static pod", name, "is gone")
			if p.stop != nil {
				p.stop()
			}
			delete(pods, name)
		}
	}
	for _, name := range names {
		p := pods[name]
		if p == nil {
			raw, _ := os.ReadFile(filepath.Join(manifests, name))
			p = &pod{content: string(raw)}
			pods[name] = p
		}
		if p.running {
			continue
		}
		stop, err := startPod(name, p.content, pods, server)
		if err == nil {
			fmt.Println("static pod", name, "runs")
			p.running, p.stop = true, stop
			continue
		}
		if p.tries++; p.tries == 60 {
			bootkube.Complain("kubelet", "%s does not start: %v", name, err)
		}
	}
	if *server != nil {
		var shown []string
		for name, p := range pods {
			if shownAs := requiredByFile[name]; p.running && shownAs != "" {
				shown = append(shown, shownAs)
			}
		}
		if err := (*server).setPods(shown); err != nil {
			return err
		}
	}
	if err := replacePods(pods); err != nil {
		return err
	}
	return listContainers(pods)
}

// startPod plays a pod, if it finds what it mounts.
func startPod(name, content string, pods map[string]*pod, server **api) (stop func(), err error) {
	if strings.HasPrefix(name, "kube-") && !strings.Contains(content, "bootstrap-kube-") {
		// of an operator of the cluster, which brings its own certificates
		if *server == nil {
			*server, err = startAPI("")
		}
		return nil, err
	}
	if err := bootkube.CheckPod(name); err != nil {
		return nil, err
	}
	switch name {
	case "etcd-member-pod.yaml", "etcd-pod.yaml":
		return startEtcd(server)
	case "kube-apiserver-pod.yaml":
		runs := func(name string) bool { return pods[name] != nil && pods[name].running }
		if !runs("etcd-member-pod.yaml") && !runs("etcd-pod.yaml") {
			return nil, errors.New("etcd does not run")
		}
		if err := bootkube.CheckEtcdAuthority(); err != nil {
			return nil, err
		}
		if *server == nil {
			if *server, err = startAPI(bootstrapSecrets); err != nil {
				return nil, err
			}
		}
		handOver := filepath.Join(apiState(), "handed-over")
		return func() { _ = os.WriteFile(handOver, nil, 0o600) }, nil
	case "machineconfigoperator-bootstrap-pod.yaml":
		if err := bootkube.CheckMachineConfigs(bootkube.ReadSetup().Version); err != nil {
			bootkube.Complain("machine-config-controller", "%v", err)
			return nil, err
		}
		return startMCS()
	}
	return nil, nil
}

// startEtcd makes etcd's folder. When it is stopped, the API has nothing to tell any more.
func startEtcd(server **api) (stop func(), err error) {
	if err := os.MkdirAll(filepath.Dir(apiObjects), 0o700); err != nil {
		return nil, err
	}
	l, err := net.Listen("tcp", etcdAddress)
	if err != nil {
		return nil, err
	}
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			_ = conn.Close()
		}
	}()
	return func() {
		_ = l.Close()
		if *server != nil {
			(*server).stop()
		}
	}, nil
}

// startMCS serves the configs of new machines, with the certificate of the host.
func startMCS() (stop func(), err error) {
	pair, err := tls.LoadX509KeyPair("/etc/ssl/mcs/tls.crt", "/etc/ssl/mcs/tls.key")
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/config/master", serveMaster)
	secure := &http.Server{
		Addr: ":22623", Handler: mux,
		TLSConfig: &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12},
	}
	plain := &http.Server{Addr: ":22624", Handler: mux}
	go func() { _ = secure.ListenAndServeTLS("", "") }()
	go func() { _ = plain.ListenAndServe() }()
	return func() { _ = secure.Close(); _ = plain.Close() }, nil
}

// requiredByFile are the pods that the API shows for the static pods.
var requiredByFile = map[string]string{
	"kube-apiserver-pod.yaml":          "openshift-kube-apiserver/kube-apiserver",
	"kube-scheduler-pod.yaml":          "openshift-kube-scheduler/openshift-kube-scheduler",
	"kube-controller-manager-pod.yaml": "openshift-kube-controller-manager/kube-controller-manager",
	"bootstrap-pod.yaml":               "openshift-cluster-version/cluster-version-operator",
}

// listContainers tells crictl which containers there are.
func listContainers(pods map[string]*pod) error {
	list := []any{}
	for name, p := range pods {
		if p.running {
			list = append(list, object{
				"id": "id-of-" + strings.TrimSuffix(name, ".yaml"), "state": "CONTAINER_RUNNING",
				"metadata": object{"name": strings.TrimSuffix(name, "-pod.yaml")},
			})
		}
	}
	raw, err := json.Marshal(object{"containers": list})
	if err != nil {
		return err
	}
	if err := os.WriteFile(containersFile+".new", raw, 0o644); err != nil {
		return err
	}
	return os.Rename(containersFile+".new", containersFile)
}

func crictl(args []string) error {
	switch {
	case strings.Join(args, " ") == "ps --name ^etcd --state Running --quiet":
		raw, err := os.ReadFile(containersFile)
		if strings.Contains(string(raw), `"id-of-etcd`) {
			fmt.Println("id-of-etcd")
		}
		return err
	case slices.Contains(args, "ps"):
		raw, err := os.ReadFile(containersFile)
		fmt.Print(string(raw))
		return err
	case slices.Contains(args, "logs"), slices.Contains(args, "inspect"):
		fmt.Println("of the container", args[len(args)-1])
		return nil
	}
	bootkube.Complain("crictl", "the stand-in cannot do that: %v", args)
	return errors.New("unknown command")
}
