package manifests

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
)

// secrets are the pull secret, the kubeadmin user, and the empty cloud
// configuration that the kube-controller-manager still asks for.
func secrets(in Inputs) ([]file, error) {
	return []file{
		{PullSecretFile, secret("openshift-config", "pull-secret", "kubernetes.io/dockerconfigjson",
			map[string][]byte{".dockerconfigjson": []byte(in.Config.PullSecret)})},
		{"manifests/kube-cloud-config.yaml", secret("kube-system", "kube-cloud-cfg", "Opaque",
			map[string][]byte{"config": nil})},
		{"openshift/99_kubeadmin-password-secret.yaml", secret("kube-system", "kubeadmin", "",
			map[string][]byte{"kubeadmin": []byte(in.PasswordHash)})},
	}, nil
}

// userData gives the machine API what a new machine of a role boots with: the
// same pointer config that stands in the role's .ign file.
func userData(in Inputs) ([]file, error) {
	var out []file
	for _, role := range Roles(in.Config) {
		pointer, ok := in.Pointers[role]
		if !ok {
			return nil, fmt.Errorf("there is no pointer Ignition config for role %s", role)
		}
		name := role + "-user-data"
		if role == "arbiter" {
			name += "-managed"
		}
		out = append(out, file{
			"openshift/99_openshift-cluster-api_" + role + "-user-data-secret.yaml",
			secret("openshift-machine-api", name, "Opaque", map[string][]byte{
				"disableTemplating": []byte("true\n"),
				"userData":          pointer,
			}),
		})
	}
	return out, nil
}

// fencing gives a two-node control plane the means to power a peer off. A node
// known by its MAC address only has a hash of it in the name, since a MAC
// address is no valid name.
func fencing(in Inputs) ([]file, error) {
	f := pool(in.Config, "master").Fencing
	if f == nil {
		return nil, nil
	}
	var out []file
	width := len(strconv.Itoa(len(f.Credentials)))
	for i, c := range f.Credentials {
		name, by := c.HostName, "hostname"
		if name == "" {
			mac := strings.ReplaceAll(strings.ToLower(c.MACAddress), ":", "")
			sum := sha256.Sum256([]byte(mac))
			name, by = hex.EncodeToString(sum[:]), "mac-address"
		}
		o := secret("openshift-etcd", "fencing-credentials-"+name, "", map[string][]byte{
			"username":                []byte(c.Username),
			"password":                []byte(c.Password),
			"address":                 []byte(c.Address),
			"certificateVerification": []byte(c.CertificateVerification),
		})
		o["metadata"].(object)["annotations"] = object{"openshift.io/fencing-credentials": by}
		out = append(out, file{fmt.Sprintf("openshift/99_openshift-etcd_fencing-credentials-secrets-%0*d.yaml", width, i), o})
	}
	return out, nil
}

// secret is a Secret; an empty type is left out.
func secret(namespace, name, kind string, values map[string][]byte) object {
	o := object{
		"apiVersion": "v1",
		"kind":       "Secret",
		"metadata":   object{"name": name, "namespace": namespace},
		"data":       encoded(values),
	}
	put(o, "type", kind)
	return o
}
