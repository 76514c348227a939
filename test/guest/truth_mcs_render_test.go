//go:build e2e && truth

package guest

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

// machineConfigModule names the versions of the machine config server and of Ignition.
const machineConfigModule = "../truth/machineconfig"

// machineConfigImage is that of the operator: its server is real, all else is standin.
func machineConfigImage(t *testing.T, standin []byte) image {
	t.Helper()
	dir := buildModule(t, machineConfigModule, "", "", map[string]string{
		"machine-config-server": "github.com/openshift/machine-config-operator/cmd/machine-config-server",
	})
	return newImage(t, "/usr/bin/machine-config-operator", []string{"STANDIN_IMAGE=machine-config-operator"}, newLayer(t,
		entry{name: "standin", content: standin, mode: 0o755},
		entry{name: "usr/bin/machine-config-operator", link: "/standin"},
		entry{name: "usr/bin/machine-config-server", content: readFile(t, dir+"/machine-config-server"), mode: 0o755}))
}

// serverPod is what the machine-config operator writes for the bootstrap host. The
// original has a container before this one, in which its controller renders what the
// server serves.
const serverPod = `apiVersion: v1
kind: Pod
metadata:
  name: bootstrap-machine-config-operator
  namespace: openshift-machine-config-operator
spec:
  hostNetwork: true
  restartPolicy: Always
  tolerations:
  - {key: node-role.kubernetes.io/master, operator: Exists, effect: NoSchedule}
  containers:
  - name: machine-config-server
    image: %s
    imagePullPolicy: IfNotPresent
    command: [/usr/bin/machine-config-server]
    args: [bootstrap, "--payload-version=%s"]
    securityContext: {privileged: true}
    volumeMounts:
    - {name: certs, mountPath: /etc/ssl/mcs}
    - {name: kubeconfig, mountPath: /etc/kubernetes/kubeconfig}
    - {name: base, mountPath: /etc/mcs/bootstrap}
  volumes:
  - {name: certs, hostPath: {path: /etc/ssl/mcs}}
  - {name: kubeconfig, hostPath: {path: /etc/mcs/kubeconfig}}
  - {name: base, hostPath: {path: /etc/mcs/bootstrap}}
`

// givenFile is a file of the rendered MachineConfig.
type givenFile struct {
	path    string
	mode    int
	content string
	// source writes the content as the URL of a config.
	source func(content string) object
}

type object = map[string]any

func percent(content string) object {
	return object{"source": "data:," + url.PathEscape(content)}
}

func inBase64(content string) object {
	return object{"source": "data:text/plain;charset=utf-8;base64," + base64.StdEncoding.EncodeToString([]byte(content))}
}

func compressed(content string) object {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = z.Write([]byte(content))
	_ = z.Close()
	return object{"source": "data:;base64," + base64.StdEncoding.EncodeToString(b.Bytes()), "compression": "gzip"}
}

// kernelArgument is one that the rendered MachineConfig has: a machine gets those by the
// file that the server adds for its first boot.
const kernelArgument = "okd-test.from=the-machine-config"

// givenUnits are the units of the rendered MachineConfig, and what shall become of them.
var givenUnits = []struct {
	unit    object
	enabled bool
}{
	{object{
		"name": "okd-test-first.service", "enabled": true,
		"contents": "[Service]\nExecStart=/usr/local/bin/okd-test-node\n[Install]\nWantedBy=multi-user.target\n",
	}, true},
	{object{
		"name": "okd-test-idle.service", "enabled": false,
		"contents": "[Service]\nExecStart=/usr/bin/true\n[Install]\nWantedBy=multi-user.target\n",
	}, false},
	{object{
		"name": "crio.service", "dropins": []object{{"name": "10-okd-test.conf", "contents": "[Unit]\nDescription=As the cluster wants it\n"}},
	}, false},
	{object{"name": "okd-test-never.service", "mask": true}, false},
}

// rendered is the MachineConfig of the pool master, as far as the test makes it.
type rendered struct {
	name, sshKey string
	files        []givenFile
	image        string
}

// renderMachineConfigs does what the machine-config operator and its controller would do,
// and runs the lines of our script that come after. The controller makes one MachineConfig
// of its own and of those in openshift/, of which ours is the one with the ssh key.
func (h *host) renderMachineConfigs(t *testing.T) rendered {
	t.Helper()
	var ours struct {
		Spec struct {
			Config struct {
				Passwd struct {
					Users []struct {
						Name string   `json:"name"`
						Keys []string `json:"sshAuthorizedKeys"`
					} `json:"users"`
				} `json:"passwd"`
			} `json:"config"`
		} `json:"spec"`
	}
	must(t, yaml.Unmarshal([]byte(h.read("/opt/openshift/openshift/99_openshift-machineconfig_99-master-ssh.yaml")), &ours))
	users := ours.Spec.Config.Passwd.Users
	if len(users) != 1 || users[0].Name != "core" || len(users[0].Keys) != 1 {
		t.Fatalf("our MachineConfig has the users %+v", users)
	}
	var secret struct {
		Data       map[string][]byte `json:"data"`
		StringData map[string]string `json:"stringData"`
	}
	must(t, yaml.Unmarshal([]byte(h.read("/opt/openshift/manifests/openshift-config-secret-pull-secret.yaml")), &secret))
	const anchors = "/etc/pki/ca-trust/source/anchors/"
	r := rendered{
		name: "rendered-master-4b3c1d", sshKey: users[0].Keys[0], image: h.imageOf("stream-coreos"),
		files: []givenFile{
			{"/var/lib/kubelet/config.json", 0o600, string(secret.Data[".dockerconfigjson"]), percent},
			{"/etc/containers/registries.conf", 0o644, h.read("/etc/containers/registries.conf"), percent},
			{anchors + "openshift-config-user-ca-bundle.crt", 0o600, h.read(anchors + "ca.crt"), percent},
			{"/usr/local/bin/okd-test-node", 0o755, "#!/bin/bash\necho \"100 % of ${1:-it}; ä\" >/run/okd-test-node\n", percent},
			{"/etc/kubernetes/kubelet.conf", 0o644, "kind: KubeletConfiguration\n# " + strings.Repeat("long ", 2000) + "\n", compressed},
			{"/etc/okd-test/plain", 0o640, "in base64\n", inBase64},
			{"/etc/okd-test/nothing", 0o644, "", percent},
		},
	}
	var list []object
	for _, f := range r.files {
		list = append(list, object{"path": f.path, "mode": f.mode, "overwrite": true, "contents": f.source(f.content)})
	}
	var units []object
	for _, u := range givenUnits {
		units = append(units, u.unit)
	}
	const kind = "machineconfiguration.openshift.io/v1"
	for name, content := range map[string]object{
		"machine-pools/master.yaml": {
			"apiVersion": kind, "kind": "MachineConfigPool", "metadata": object{"name": "master"},
			"status": object{"configuration": object{"name": r.name}},
		},
		"machine-configs/" + r.name + ".yaml": {
			"apiVersion": kind, "kind": "MachineConfig", "metadata": object{"name": r.name},
			"spec": object{
				"osImageURL": r.image, "kernelArguments": []string{kernelArgument},
				"config": object{
					"ignition": object{"version": "3.5.0"}, "passwd": object{"users": users},
					"storage": object{"files": list}, "systemd": object{"units": units},
				},
			},
		},
		"controller-config/machine-config-controller.yaml": {
			"apiVersion": kind, "kind": "ControllerConfig", "metadata": object{"name": "machine-config-controller"},
			"spec": object{"kubeAPIServerServingCAData": []byte(h.tls("kube-apiserver-complete-client-ca-bundle.crt"))},
		},
	} {
		raw, err := json.Marshal(content)
		must(t, err)
		h.put("/etc/mcs/bootstrap/"+name, raw, "644")
	}
	h.put("/opt/openshift/mco-bootstrap/bootstrap/machineconfigoperator-bootstrap-pod.yaml",
		fmt.Appendf(nil, serverPod, h.imageOf("machine-config-operator"), h.payload.setup.Version), "644")
	h.sh(`cd /opt/openshift
sed --quiet '/^    mkdir --parents \/etc\/mcs\/bootstrap/,/machine-config-server\.key/p; /cp mco-bootstrap.*pod\.yaml/p' \
    /usr/local/lib/okd-install/stages/3-nodes.sh >/run/okd-test-lines
[[ $(grep --count cp /run/okd-test-lines) == 4 ]]
source /run/okd-test-lines`)
	return r
}
