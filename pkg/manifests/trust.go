package manifests

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// userBundleName is the ConfigMap that the Proxy object refers to.
const userBundleName = "user-ca-bundle"

// userTrustBundle carries the user's own authorities into the cluster, without
// the text that may stand between the certificates of the field.
func userTrustBundle(in Inputs) ([]file, error) {
	if in.Config.AdditionalTrustBundle == "" {
		return nil, nil
	}
	certs, err := certificates([]byte(in.Config.AdditionalTrustBundle))
	if err != nil {
		return nil, fmt.Errorf("additionalTrustBundle: %w", err)
	}
	var text bytes.Buffer
	for _, c := range certs {
		text.Write(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw}))
	}
	return one("manifests/user-ca-bundle-config.yaml", object{
		"apiVersion": "v1",
		"kind":       "ConfigMap",
		"metadata": object{
			"name":        userBundleName,
			"namespace":   "openshift-config",
			"annotations": object{"openshift.io/owning-component": "End User"},
		},
		"data": object{"ca-bundle.crt": text.String()},
	})
}

func rootCA(in Inputs) ([]file, error) {
	return one("manifests/kube-system-configmap-root-ca.yaml", object{
		"apiVersion": "v1",
		"kind":       "ConfigMap",
		"metadata":   object{"name": "root-ca", "namespace": "kube-system"},
		"data":       object{"ca.crt": string(in.RootCA)},
	})
}

// machineConfigServer hands the machine-config operator its authority and its
// serving certificate. The labels and annotations are those by which the
// cluster's certificate inventory finds and dates them.
func machineConfigServer(in Inputs) ([]file, error) {
	ca, err := certificate("root CA", in.RootCA)
	if err != nil {
		return nil, err
	}
	serving, err := certificate("machine-config server certificate", in.MCSCert)
	if err != nil {
		return nil, err
	}
	metadata := func(name, certificateType, description string, annotations object) object {
		annotations["openshift.io/owning-component"] = "Machine Config Operator"
		annotations["openshift.io/description"] = description
		return object{
			"name":        name,
			"namespace":   "openshift-machine-config-operator",
			"labels":      object{"auth.openshift.io/managed-certificate-type": certificateType},
			"annotations": annotations,
		}
	}
	dated := func(c *x509.Certificate) object {
		return object{
			"auth.openshift.io/certificate-issuer":     "root-ca",
			"auth.openshift.io/certificate-not-after":  c.NotAfter.UTC().Format(time.RFC3339),
			"auth.openshift.io/certificate-not-before": c.NotBefore.UTC().Format(time.RFC3339),
		}
	}
	servingDates := dated(serving)
	servingDates["auth.openshift.io/certificate-hostnames"] = hostnames(serving)
	return []file{
		{"manifests/machine-config-server-ca-configmap.yaml", object{
			"apiVersion": "v1",
			"kind":       "ConfigMap",
			"metadata": metadata("machine-config-server-ca", "ca-bundle",
				"Authority that machines trust when they fetch their configuration", object{}),
			"data": object{"ca-bundle.crt": string(in.RootCA)},
		}},
		{"manifests/machine-config-server-ca-secret.yaml", tlsSecret(in.RootCA, in.RootCAKey,
			metadata("machine-config-server-ca", "signer",
				"Authority that signs the machine-config server's certificate", dated(ca)))},
		{"manifests/machine-config-server-tls-secret.yaml", tlsSecret(in.MCSCert, in.MCSKey,
			metadata("machine-config-server-tls", "target",
				"Certificate with which the machine-config server answers machines", servingDates))},
	}, nil
}

func tlsSecret(cert, key []byte, metadata object) object {
	return object{
		"apiVersion": "v1",
		"kind":       "Secret",
		"type":       "kubernetes.io/tls",
		"metadata":   metadata,
		"data":       encoded(map[string][]byte{"tls.crt": cert, "tls.key": key}),
	}
}

// hostnames lists all names of a certificate, sorted, with commas.
func hostnames(c *x509.Certificate) string {
	names := slices.Clone(c.DNSNames)
	for _, ip := range c.IPAddresses {
		names = append(names, ip.String())
	}
	slices.Sort(names)
	return strings.Join(slices.Compact(names), ",")
}

// certificate reads the first certificate of a PEM text.
func certificate(what string, data []byte) (*x509.Certificate, error) {
	certs, err := certificates(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	return certs[0], nil
}

// certificates reads a PEM text that holds at least one certificate. Other
// blocks are an error.
func certificates(data []byte) ([]*x509.Certificate, error) {
	var out []*x509.Certificate
	for {
		var block *pem.Block
		if block, data = pem.Decode(data); block == nil {
			break
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("PEM block %d (%s) is not a certificate", len(out)+1, block.Type)
		}
		out = append(out, c)
	}
	if len(out) == 0 {
		return nil, errors.New("holds no PEM certificate")
	}
	return out, nil
}
