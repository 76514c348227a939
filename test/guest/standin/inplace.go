package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"github.com/coreos/butane/config/common"
	butane "github.com/coreos/butane/config/fcos/v1_1"
	"github.com/vincent-petithory/dataurl"

	"github.com/okd-project/okd-install/test/bootkube"
)

// translate makes the config of the node as the program of the release does, which
// has Butane in it.
func translate(args []string) int {
	files := map[string]string{"--asset-dir": "", "--input": "", "--output": ""}
	for len(args) > 1 {
		files[args[0]] = args[1]
		args = args[2:]
	}
	raw, err := os.ReadFile(files["--input"])
	if err == nil {
		options := common.TranslateBytesOptions{TranslateOptions: common.TranslateOptions{FilesDir: files["--asset-dir"]}}
		raw, _, err = butane.ToIgn3_1Bytes(raw, options)
	}
	if err == nil {
		err = os.WriteFile(files["--output"], append(raw, '\n'), 0o644)
	}
	if err != nil {
		bootkube.Complain("cluster-bootstrap", "bootstrap-in-place: %v", err)
		return 1
	}
	return 0
}

// installedConfig is where the config of the installed node stands for the test.
func installedConfig() string { return filepath.Join(bootkube.FakesDir, "installed.ign") }

// coreosInstaller finds the disk busy, and writes to it when it is asked again:
// keeps the config that it was given.
func coreosInstaller(args []string) error {
	if len(args) != 5 || strings.Join(args[:3], " ") != "install -n -i" {
		bootkube.Complain("coreos-installer", "the stand-in cannot do that: %v", args)
		return errors.New("unknown command")
	}
	config, disk := args[3], args[4]
	if info, err := os.Stat(disk); err != nil || info.Mode().Type() != fs.ModeDevice {
		bootkube.Complain("coreos-installer", "%s is no disk: %v", disk, err)
	}
	if info, err := os.Stat(config); err != nil || info.Mode().Perm() != 0o600 {
		bootkube.Complain("coreos-installer", "%s: %v", config, err)
	}
	busy := filepath.Join(bootkube.FakesDir, "disk-was-busy")
	if _, err := os.Stat(busy); err != nil {
		_ = os.WriteFile(busy, nil, 0o600)
		return fmt.Errorf("checking for exclusive access to %s: device is in use", disk)
	}
	raw, err := os.ReadFile(config)
	if err != nil {
		return err
	}
	return os.WriteFile(installedConfig(), raw, 0o600)
}

// kubeletUnit is what the machine config of the control plane has to run the kubelet.
const kubeletUnit = `[Unit]
Wants=crio.service
After=crio.service
[Service]
Type=notify
Environment=MACHINE_CONFIG_INFRA_IMAGE=quay.io/okd/scos-content@sha256:0
ExecStart=/usr/bin/kubelet --pod-manifest-path=/etc/kubernetes/manifests
Restart=always
RestartSec=2s
[Install]
WantedBy=multi-user.target
`

// serveMaster answers with the config of a control plane machine: who may log in, and what
// runs there. The version in the header counts, as it does for the real one.
func serveMaster(w http.ResponseWriter, r *http.Request) {
	if !strings.Contains(r.Header.Get("Accept"), "version=3.2.0") {
		fmt.Fprint(w, `{"ignition":{"version":"2.2.0"}}`)
		return
	}
	keys, err := os.ReadFile("/home/core/.ssh/authorized_keys.d/ignition")
	if err != nil {
		bootkube.Complain("machine-config-server", "core has no keys: %v", err)
	}
	config, err := os.ReadFile(crioOverride)
	if err != nil {
		bootkube.Complain("machine-config-server", "%v", err)
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(object{
		"ignition": object{"version": "3.2.0"},
		"passwd":   object{"users": []any{object{"name": "core", "sshAuthorizedKeys": strings.Split(strings.TrimSpace(string(keys)), "\n")}}},
		"storage": object{"files": []any{object{
			"path": crioOverride, "mode": 0o644, "contents": object{"source": dataurl.EncodeBytes(config)},
		}}},
		"systemd": object{"units": []any{object{"name": "kubelet.service", "enabled": true, "contents": kubeletUnit}}},
	})
}

// operatorsReady is a mark of the API: it has told that the operators of the control plane run.
func operatorsReady() string { return filepath.Join(apiState(), "operators-ready") }

// replacePods plays the operators of a single node, which put pods of their own over
// those of the bootstrap.
func replacePods(pods map[string]*pod) error {
	if _, err := os.Stat(operatorsReady()); errors.Is(err, fs.ErrNotExist) {
		return nil
	} else if err != nil {
		return err
	}
	for name := range pods {
		file := filepath.Join(manifests, name)
		raw, err := os.ReadFile(file)
		if err != nil || !strings.Contains(string(raw), "bootstrap-kube-") {
			continue
		}
		next := strings.ReplaceAll(string(raw), "bootstrap-kube-", "kube-")
		if err := os.WriteFile(manifests+"/."+name, []byte(next), 0o600); err != nil {
			return err
		}
		if err := os.Rename(manifests+"/."+name, file); err != nil {
			return err
		}
	}
	return nil
}
