//go:build e2e && unix

package e2e

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"
)

// state is what these tests read of the state file.
type state struct {
	Kept map[string]struct {
		Value json.RawMessage `json:"value"`
	} `json:"kept"`
	Written  map[string]string `json:"written"`
	Consumed map[string][]byte `json:"consumed"`
}

// pair is a remembered certificate.
type pair struct {
	Cert []byte `json:"cert"`
	Key  []byte `json:"key"`
}

func readState(files map[string]string) (state, error) {
	var s state
	text, ok := files[stateFile]
	if !ok {
		return s, errors.New("there is no state file")
	}
	return s, json.Unmarshal([]byte(text), &s)
}

// pair returns a remembered certificate, or an empty one.
func (s state) pair(name string) pair {
	var p pair
	_ = json.Unmarshal(s.Kept[name].Value, &p)
	return p
}

func (s state) infraID() string {
	var id struct {
		InfraID string `json:"infraID"`
	}
	_ = json.Unmarshal(s.Kept["cluster-id"].Value, &id)
	return id.InfraID
}

// mixed says why the files of an asset directory do not belong together:
// everything must come from the keys and IDs that the state file remembers.
// Nil means that they do, and that the result of the command is complete.
func mixed(files map[string]string, args []string) error {
	s, err := readState(files)
	if err != nil {
		return err
	}
	problems := []error{manifestsFit("", files, s, slices.Contains(args, "ignition-configs"))}
	if slices.Contains(args, "ignition-configs") {
		problems = append(problems, ignitionFits(files, s))
	}
	return errors.Join(problems...)
}

// manifestsFit looks at manifests/ and openshift/ under a prefix.
func manifestsFit(prefix string, files map[string]string, s state, optional bool) error {
	if _, ok := files[prefix+"manifests/cluster-config.yaml"]; !ok && optional {
		for name := range files {
			if strings.HasPrefix(name, prefix+"manifests/") || strings.HasPrefix(name, prefix+"openshift/") {
				return fmt.Errorf("the manifests are there by half: %s is", name)
			}
		}
		return nil
	}
	root := string(s.pair("root-ca").Cert)
	var infra struct {
		Status struct{ InfrastructureName string }
	}
	var bundle, rootMap struct{ Data map[string]string }
	var tlsSecret struct{ Data map[string][]byte }
	for name, into := range map[string]any{
		"manifests/cluster-infrastructure-02-config.yml":                  &infra,
		"manifests/machine-config-server-ca-configmap.yaml":               &bundle,
		"manifests/kube-system-configmap-root-ca.yaml":                    &rootMap,
		"manifests/machine-config-server-tls-secret.yaml":                 &tlsSecret,
		"openshift/99_kubeadmin-password-secret.yaml":                     &map[string]any{},
		"openshift/openshift-install-manifests.yaml":                      &map[string]any{},
		"openshift/99_openshift-cluster-api_worker-user-data-secret.yaml": &map[string]any{},
	} {
		text, ok := files[prefix+name]
		if !ok {
			return fmt.Errorf("%s is missing", prefix+name)
		}
		if err := yaml.Unmarshal([]byte(text), into); err != nil {
			return fmt.Errorf("%s: %w", prefix+name, err)
		}
	}
	switch {
	case root == "":
		return errors.New("the state remembers no root CA")
	case infra.Status.InfrastructureName == "" || infra.Status.InfrastructureName != s.infraID():
		return fmt.Errorf("the manifests speak of %q, the state of %q", infra.Status.InfrastructureName, s.infraID())
	case bundle.Data["ca-bundle.crt"] != root || rootMap.Data["ca.crt"] != root:
		return errors.New("the manifests have another root CA than the state")
	case !bytes.Equal(tlsSecret.Data["tls.crt"], s.pair("machine-config-server").Cert):
		return errors.New("the manifests have another machine config server certificate than the state")
	}
	return nil
}

// ignitionFits looks at all files of create ignition-configs.
func ignitionFits(files map[string]string, s state) error {
	for _, name := range []string{"bootstrap.ign", "master.ign", "worker.ign", "metadata.json", "auth/kubeconfig", "auth/kubeadmin-password"} {
		text, ok := files[name]
		if !ok {
			return fmt.Errorf("%s is missing", name)
		}
		if sum := sha256.Sum256([]byte(text)); s.Written[name] != hex.EncodeToString(sum[:]) {
			return fmt.Errorf("%s is not the file that the state says was written", name)
		}
	}
	host, err := ignitionFiles(files["bootstrap.ign"])
	if err != nil {
		return fmt.Errorf("bootstrap.ign: %w", err)
	}
	root := string(s.pair("root-ca").Cert)
	if root == "" || host["/opt/openshift/tls/root-ca.crt"] != root {
		return errors.New("bootstrap.ign has another root CA than the state")
	}
	for _, role := range []string{"master.ign", "worker.ign"} {
		if ca, err := pointerCA(files[role]); err != nil || ca != root {
			return fmt.Errorf("%s has another root CA than bootstrap.ign (%w)", role, err)
		}
	}
	for name := range s.Kept {
		text, ok := host["/opt/openshift/tls/"+name+".crt"]
		if ok && text != string(s.pair(name).Cert) ||
			ok && host["/opt/openshift/tls/"+name+".key"] != string(s.pair(name).Key) && name != "root-ca" {
			return fmt.Errorf("bootstrap.ign has another %s than the state", name)
		}
	}
	inside := map[string]string{}
	for name, text := range host {
		inside[strings.TrimPrefix(name, "/opt/openshift/")] = text
	}
	for name, text := range files {
		if folder := path.Dir(name); (folder == "manifests" || folder == "openshift") &&
			inside[name] != text && name != "manifests/cvo-overrides.yaml" {
			return fmt.Errorf("bootstrap.ign has another %s than the folder", name)
		}
	}
	var metadata struct{ InfraID string }
	if err := json.Unmarshal([]byte(files["metadata.json"]), &metadata); err != nil || metadata.InfraID != s.infraID() {
		return fmt.Errorf("metadata.json speaks of %q, the state of %q (%w)", metadata.InfraID, s.infraID(), err)
	}
	return errors.Join(manifestsFit("", inside, s, false), kubeconfigFits(files["auth/kubeconfig"], host))
}

// kubeconfigFits verifies the API servers by the kubeconfig's authorities, and
// the administrator by the API server's.
func kubeconfigFits(text string, host map[string]string) error {
	var config struct {
		Clusters []struct {
			Cluster struct {
				Authority []byte `json:"certificate-authority-data"`
			}
		}
		Users []struct {
			User struct {
				Cert []byte `json:"client-certificate-data"`
			}
		}
	}
	if err := yaml.Unmarshal([]byte(text), &config); err != nil || len(config.Clusters) != 1 || len(config.Users) != 1 {
		return fmt.Errorf("auth/kubeconfig has not one cluster and one user (%w)", err)
	}
	authority := string(config.Clusters[0].Cluster.Authority)
	for _, name := range []string{
		"kube-apiserver-lb-server", "kube-apiserver-internal-lb-server", "kube-apiserver-localhost-server",
		"kube-apiserver-service-network-server",
	} {
		if err := verify(host["/opt/openshift/tls/"+name+".crt"], authority, x509.ExtKeyUsageServerAuth); err != nil {
			return fmt.Errorf("auth/kubeconfig does not trust the %s of bootstrap.ign: %w", name, err)
		}
	}
	bundle := host["/opt/openshift/tls/admin-kubeconfig-ca-bundle.crt"]
	if err := verify(string(config.Users[0].User.Cert), bundle, x509.ExtKeyUsageClientAuth); err != nil {
		return fmt.Errorf("bootstrap.ign does not trust the user of auth/kubeconfig: %w", err)
	}
	return nil
}

func verify(cert, authorities string, use x509.ExtKeyUsage) error {
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM([]byte(authorities)) {
		return errors.New("there are no authorities")
	}
	block, _ := pem.Decode([]byte(cert))
	if block == nil {
		return errors.New("there is no certificate")
	}
	leaf, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return err
	}
	_, err = leaf.Verify(x509.VerifyOptions{Roots: roots, KeyUsages: []x509.ExtKeyUsage{use}, CurrentTime: leaf.NotBefore})
	return err
}

type ignitionConfig struct {
	Ignition struct {
		Security struct {
			TLS struct {
				Authorities []struct{ Source string } `json:"certificateAuthorities"`
			} `json:"tls"`
		}
	}
	Storage struct {
		Files []struct {
			Path     string
			Contents struct{ Source string }
		}
	}
}

// ignitionFiles returns the files of an Ignition config by path.
func ignitionFiles(text string) (map[string]string, error) {
	var config ignitionConfig
	if err := json.Unmarshal([]byte(text), &config); err != nil {
		return nil, err
	}
	out := map[string]string{}
	for _, f := range config.Storage.Files {
		data, err := dataURL(f.Contents.Source)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f.Path, err)
		}
		out[f.Path] = data
	}
	return out, nil
}

func pointerCA(text string) (string, error) {
	var config ignitionConfig
	if err := json.Unmarshal([]byte(text), &config); err != nil {
		return "", err
	}
	if n := len(config.Ignition.Security.TLS.Authorities); n != 1 {
		return "", fmt.Errorf("there are %d authorities", n)
	}
	return dataURL(config.Ignition.Security.TLS.Authorities[0].Source)
}

// dataURL decodes the form in which okd-install embeds files.
func dataURL(source string) (string, error) {
	if source == "" {
		return "", nil
	}
	_, encoded, ok := strings.Cut(source, ";base64,")
	if !ok {
		return "", errors.New("not a base64 data URL")
	}
	data, err := base64.StdEncoding.DecodeString(encoded)
	return string(data), err
}
