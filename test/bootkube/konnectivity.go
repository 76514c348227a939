package bootkube

import (
	"errors"
	"fmt"
	"os"
	"path"
	"slices"
	"strings"
)

// konnectivityPod is the file of the static pod of the konnectivity server.
const konnectivityPod = "konnectivity-server-pod.yaml"

// flagsOf reads a list of words --name=value.
func flagsOf(words any) map[string]string {
	flags := map[string]string{}
	list, _ := words.([]any)
	for _, word := range list {
		word, _ := word.(string)
		name, value, _ := strings.Cut(strings.TrimLeft(word, "-"), "=")
		flags[name] = value
	}
	return flags
}

// onHost translates a path in a pod by its hostPath volumes.
func onHost(pod object, file string) (string, error) {
	for i := 0; at(pod, "spec", "containers", 0, "volumeMounts", i) != nil; i++ {
		m := at(pod, "spec", "containers", 0, "volumeMounts", i)
		below, ok := strings.CutPrefix(file, text(m, "mountPath")+"/")
		if !ok {
			continue
		}
		for j := 0; at(pod, "spec", "volumes", j) != nil; j++ {
			if v := at(pod, "spec", "volumes", j); text(v, "name") == text(m, "name") {
				return path.Join(text(v, "hostPath", "path"), below), nil
			}
		}
	}
	return "", fmt.Errorf("%s is in no volume of the pod", file)
}

// checkKonnectivityPod wants the server to find its files, and to be told what it
// accepts: with a socket it refuses a port and certificates for its clients.
func checkKonnectivityPod(pod object) error {
	flags := flagsOf(at(pod, "spec", "containers", 0, "args"))
	for _, name := range sortedNames(flags) {
		if !slices.Contains(serverFlags, name) {
			return fmt.Errorf("%s: proxy-server has no flag --%s", konnectivityPod, name)
		}
		if strings.HasPrefix(name, "cluster-") {
			file, err := onHost(pod, flags[name])
			if err == nil {
				err = exist(file)
			}
			if err != nil {
				return fmt.Errorf("%s: --%s: %w", konnectivityPod, name, err)
			}
		}
	}
	if flags["mode"] != "grpc" || flags["server-port"] != "0" || flags["agent-port"] != "8091" || flags["health-port"] != "2041" {
		return fmt.Errorf("%s: %v", konnectivityPod, flags)
	}
	return nil
}

// serverFlags are those flags of proxy-server that a server with a socket may have.
var serverFlags = []string{
	"mode", "uds-name", "delete-existing-uds-file", "server-port", "agent-port", "health-port",
	"cluster-ca-cert", "cluster-cert", "cluster-key",
}

// checkEgress wants the API server to find its way to the socket of the
// konnectivity server, if its config sends it there. The folder bootstrap-configs
// is /etc/kubernetes/config in its pod.
func checkEgress() error {
	config, err := read(path.Join(bootstrapConfigs, "kube-apiserver-config.yaml"))
	if err != nil {
		return err
	}
	file := text(config, "apiServerArguments", "egress-selector-config-file", 0)
	if file == "" {
		return nil
	}
	const inPod = "/etc/kubernetes/config/"
	egress, err := read(strings.Replace(file, inPod, bootstrapConfigs+"/", 1))
	if err != nil {
		return err
	}
	if text(egress, "kind") != "EgressSelectorConfiguration" || text(egress, "apiVersion") != "apiserver.k8s.io/v1beta1" {
		return fmt.Errorf("%s is a %v", file, egress["kind"])
	}
	ways := map[string]string{}
	for i := 0; at(egress, "egressSelections", i) != nil; i++ {
		s := at(egress, "egressSelections", i)
		ways[text(s, "name")] = text(s, "connection", "proxyProtocol") + text(s, "connection", "transport", "uds", "udsName")
	}
	socket, ok := strings.CutPrefix(ways["cluster"], "GRPC"+inPod)
	if !ok || ways["controlplane"] != "Direct" || ways["etcd"] != "Direct" || len(ways) != 3 {
		return fmt.Errorf("%s: %v", file, ways)
	}
	pod, err := read(path.Join(staticPods, konnectivityPod))
	if err != nil {
		return err
	}
	got, err := onHost(pod, flagsOf(at(pod, "spec", "containers", 0, "args"))["uds-name"])
	if err != nil || got != path.Join(bootstrapConfigs, socket) {
		return errors.Join(fmt.Errorf("the API server looks for the socket %s, which is %s", socket, got), err)
	}
	return nil
}

func read(name string) (object, error) {
	raw, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	return decode(raw)
}
