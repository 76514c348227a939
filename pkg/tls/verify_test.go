package tls

import (
	"crypto/x509"
	"strings"
	"testing"
)

func TestVerifyFindsWhatIsNotOurs(t *testing.T) {
	t.Parallel()
	certs := must(t, ecSet).certs
	for _, row := range Certificates {
		var signer *Pair
		if s, ok := certs[row.Signer]; ok {
			signer = &s
		}
		if err := row.Verify(certs[row.Name], signer, dualStack); err != nil {
			t.Errorf("%s: %v", row.Name, err)
		}
	}
	root, other, leaf := certs["root-ca"], certs["kube-apiserver-lb-signer"], certs["machine-config-server"]
	mcs, _ := Lookup("machine-config-server")
	authority, _ := Lookup("root-ca")
	elsewhere := dualStack
	elsewhere.ClusterDomain = "other.example.com"
	for name, test := range map[string]struct {
		row    Certificate
		pair   Pair
		signer *Pair
		names  Names
		want   string
	}{
		"nothing":           {mcs, Pair{}, &root, dualStack, "holds no certificate"},
		"no key":            {mcs, Pair{Cert: leaf.Cert}, &root, dualStack, "holds no private key"},
		"cut short":         {mcs, Pair{Cert: leaf.Cert[:len(leaf.Cert)/2], Key: leaf.Key}, &root, dualStack, "holds no certificate"},
		"another's key":     {mcs, Pair{Cert: leaf.Cert, Key: root.Key}, &root, dualStack, "do not belong together"},
		"another signer":    {mcs, leaf, &other, dualStack, "it is not signed by root-ca"},
		"no signer":         {mcs, leaf, nil, dualStack, "its signer root-ca is missing"},
		"a broken signer":   {mcs, leaf, &Pair{}, dualStack, "its signer root-ca holds no certificate"},
		"other names":       {mcs, leaf, &root, elsewhere, "it is not valid for api-int.other.example.com"},
		"another row":       {authority, other, nil, dualStack, "its subject is"},
		"a leaf as root":    {authority, resign(t, "root-ca", root, nil, func(c *x509.Certificate) { c.IsCA = false }), nil, dualStack, "CA flag is not set"},
		"not by itself":     {authority, resign(t, "root-ca", root, &other, func(*x509.Certificate) {}), nil, dualStack, "it is not signed by its own key"},
		"for the wrong use": {mcs, resign(t, "mcs", leaf, &root, func(c *x509.Certificate) { c.ExtKeyUsage = client }), &root, dualStack, "no serverAuth"},
	} {
		if err := test.row.Verify(test.pair, test.signer, test.names); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v, want %q", name, err, test.want)
		}
	}
}

func TestKeyPairCheck(t *testing.T) {
	t.Parallel()
	keys := must(t, ecSet).keys
	for name, pair := range keys {
		if err := pair.Check(name); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	sa := keys[serviceAccount]
	for name, bad := range map[string]KeyPair{
		"nothing": {}, "no public half": {Private: sa.Private}, "no private half": {Public: sa.Public},
		"another's public half": {Private: sa.Private, Public: keys[BootstrapSSH].Public},
		"cut short":             {Private: sa.Private[:40], Public: sa.Public},
	} {
		if bad.Check(serviceAccount) == nil {
			t.Errorf("%s passes", name)
		}
	}
	if sa.Check("unknown") == nil {
		t.Error("a pair that is in no table passes")
	}
}
