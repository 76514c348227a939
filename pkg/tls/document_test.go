package tls

import (
	"crypto/x509"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/okd-project/okd-install/pkg/diag"
)

// TestDocument holds docs/tls.md to the tables.
func TestDocument(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	b.WriteString(`# Certificates, keys and kubeconfigs

<!-- Written by go test ./pkg/tls -update from pkg/tls/table.go; edit the tables, not this page. -->

A cluster is born with the certificates below. Authorities sign themselves; every other certificate is signed by one
authority. Names in angle brackets are filled in from the install-config: ` + "`" + domain + "`" + ` is the cluster name with the
base domain, ` + "`" + serviceIPs + "`" + ` the first address of the first service network, ` + "`" + apiVIPs + "`" + ` each virtual address of the
API on platforms that have one.

## How long they last

What lives for 24 hours carries the cluster through its first start, and is then replaced from inside. A cluster that is
not up by then never will be, so machines should boot within 12 hours after ` + "`create ignition-configs`" + ` and must have
booted within 24. A run of the command past the 12 hours makes new 24-hour certificates, and only those.
A certificate never outlives its signer: one that a table row would let live longer ends with it.

RSA keys may sign and encipher keys, ECDSA keys only sign. Authorities may sign certificates, besides.

`)
	for _, authority := range Certificates {
		if authority.Authority() {
			documentAuthority(&b, authority)
		}
	}
	b.WriteString("## Bundles\n\nA bundle is a file of authorities, for someone to trust. The bootstrap host gets all of them, as `tls/<name>.crt`.\n\n")
	b.WriteString("| bundle | authorities | what it does |\n|---|---|---|\n")
	for _, r := range bundles {
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", r.Name, strings.Join(r.Authorities, ", "), r.Purpose)
	}
	b.WriteString("\n## Key pairs\n\nKeys without a certificate, as `tls/<name>.key` and `tls/<name>.pub`.\n\n")
	b.WriteString("| key pair | made by | on the bootstrap host | what it does |\n|---|---|---|---|\n")
	for _, r := range KeyPairs {
		maker, host := "okd-install", "no"
		if r.UserOnly {
			maker = "the user, or nobody"
		}
		if r.Host {
			host = "yes"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", r.Name, maker, host, r.Purpose)
	}
	b.WriteString("\n## Kubeconfigs\n\n| file | stands | server | trusts | shows | what it does |\n|---|---|---|---|---|---|\n")
	for _, k := range Kubeconfigs {
		place := "in the asset directory"
		if k.Host {
			place = "on the bootstrap host, in `/opt/openshift`"
		}
		fmt.Fprintf(&b, "| `%s` | %s | `%s` | %s | %s | %s |\n", k.File, place, k.Server, k.Bundle, k.Client, k.Purpose)
	}
	b.WriteString(`
## Bringing your own

With ` + "`OPENSHIFT_INSTALL_LOAD_CLUSTER_CERTS=true`" + ` the pairs that stand in the asset directory as ` + "`tls/<name>.crt`" + ` and
` + "`tls/<name>.key`" + ` are used instead of minted ones. Any rows will do; a certificate that is not an authority needs its signer
beside it. Keys are PEM without a passphrase: RSA of 2048 bits or more, or ECDSA on P-256, P-384 or P-521. An authority
must have the CA flag and at least 24 hours left, and its name constraints and extended key usage must allow all that it signs
above: that is tried out before anything is written. A server's certificate must be valid for the names above, a client's must
have the subject above, since that is what the cluster gives rights to.

The key pair ` + "`" + boundServiceAccount + "`" + ` is read from ` + "`tls/`" + ` whenever it is there; it must be RSA.
`)
	golden(t, "../../docs/tls.md", b.String())
}

func documentAuthority(b *strings.Builder, a Certificate) {
	fmt.Fprintf(b, "## %s\n\n%s. Subject `%s`, %s; on the bootstrap host: %s.\n\n",
		a.Name, diag.Capital(a.Purpose), a.subject(), life(a), host(a))
	leaves := leaves(a.Name)
	if len(leaves) == 0 {
		b.WriteString("It signs nothing before the cluster runs.\n\n")
		return
	}
	b.WriteString("| certificate | what it does | subject | for | names | life | on the bootstrap host |\n|---|---|---|---|---|---|---|\n")
	for _, c := range leaves {
		fmt.Fprintf(b, "| `%s` | %s | `%s` | %s | %s | %s | %s |\n", c.Name, c.Purpose, c.subject(), uses(c), names(c), life(c), host(c))
	}
	b.WriteString("\n")
}

func uses(c Certificate) string {
	var out []string
	for _, u := range c.Use {
		out = append(out, map[x509.ExtKeyUsage]string{x509.ExtKeyUsageClientAuth: "clients", x509.ExtKeyUsageServerAuth: "servers"}[u])
	}
	return strings.Join(out, ", ")
}

func names(c Certificate) string {
	var out []string
	for _, n := range append(slices.Clone(c.DNS), c.IPs...) {
		if n = "`" + n + "`"; !slices.Contains(out, n) {
			out = append(out, n)
		}
	}
	return strings.Join(out, ", ")
}

func life(c Certificate) string {
	switch c.Life {
	case Day:
		return "24 hours"
	case year:
		return "1 year"
	case decade:
		return "10 years"
	}
	return c.Life.String()
}

func host(c Certificate) string {
	text := map[HostShare]string{certAndKey: "certificate and key", certOnly: "certificate", notOnHost: "nothing"}[c.Host]
	if c.AppendSigner {
		text += ", with the signer's certificate appended"
	}
	return text
}
