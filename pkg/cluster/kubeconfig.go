package cluster

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net/url"
	"strings"
	"time"

	"sigs.k8s.io/yaml"

	"github.com/okd-project/okd-install/pkg/diag"
	"github.com/okd-project/okd-install/pkg/pemfile"
)

// Kubeconfig is what a kubeconfig says about its current context: where the API
// is, how it is known, and who asks.
type Kubeconfig struct {
	// File is its name in messages.
	File string
	// Server is the URL of the API, such as https://api.demo.example.com:6443.
	Server *url.URL
	// ServerName is the name in the API's certificate if it is not the host of
	// Server, or empty.
	ServerName string
	// Authorities holds the certificates that vouch for the API, as PEM.
	Authorities []byte
	// Client is the certificate that is shown to the API, or nil with a Token.
	Client *tls.Certificate
	// ClientCert is Client's certificate, for its names and its end.
	ClientCert *x509.Certificate
	Token      string
}

// The shape of a kubeconfig file, as far as it is read.
type kubeconfigFile struct {
	CurrentContext string `json:"current-context"`
	Clusters       []struct {
		Name    string           `json:"name"`
		Cluster kubeconfigServer `json:"cluster"`
	} `json:"clusters"`
	Contexts []struct {
		Name    string `json:"name"`
		Context struct {
			Cluster string `json:"cluster"`
			User    string `json:"user"`
		} `json:"context"`
	} `json:"contexts"`
	Users []struct {
		Name string         `json:"name"`
		User kubeconfigUser `json:"user"`
	} `json:"users"`
}

type kubeconfigServer struct {
	Server        string `json:"server"`
	ServerName    string `json:"tls-server-name"`
	Insecure      bool   `json:"insecure-skip-tls-verify"`
	Authority     []byte `json:"certificate-authority-data"`
	AuthorityFile string `json:"certificate-authority"`
}

type kubeconfigUser struct {
	Cert      []byte `json:"client-certificate-data"`
	CertFile  string `json:"client-certificate"`
	Key       []byte `json:"client-key-data"`
	KeyFile   string `json:"client-key"`
	Token     string `json:"token"`
	TokenFile string `json:"tokenFile"`
	Exec      any    `json:"exec"`
	Provider  any    `json:"auth-provider"`
	Username  string `json:"username"`
}

// ParseKubeconfig reads the current context of a kubeconfig. file is its name in
// messages. read returns a file that the kubeconfig names, such as a key; it may
// be nil where everything must stand in the kubeconfig itself.
func ParseKubeconfig(file string, data []byte, read func(name string) ([]byte, error)) (Kubeconfig, error) {
	p := kubeconfigParser{file: file, read: read}
	var f kubeconfigFile
	if err := yaml.Unmarshal(data, &f); err != nil {
		return Kubeconfig{}, p.problem("", "this is not a kubeconfig: it cannot be read as YAML with a kubeconfig's fields", "take the auth/kubeconfig that create ignition-configs wrote")
	}
	server, user, err := p.current(f)
	if err != nil {
		return Kubeconfig{}, err
	}
	k := Kubeconfig{File: file, ServerName: server.ServerName}
	p.server(&k, server)
	p.user(&k, user)
	return k, p.problems.Err()
}

type kubeconfigParser struct {
	file     string
	read     func(string) ([]byte, error)
	problems diag.Problems
}

func (p *kubeconfigParser) problem(path, detail, hint string) error {
	return diag.Problems{{Position: diag.Position{File: p.file}, Path: path, Detail: detail, Hint: hint}}
}

func (p *kubeconfigParser) complain(path, detail, hint string) {
	p.problems = append(p.problems, diag.Problem{Position: diag.Position{File: p.file}, Path: path, Detail: detail, Hint: hint})
}

// current finds the cluster and the user of the current context.
func (p *kubeconfigParser) current(f kubeconfigFile) (s kubeconfigServer, u kubeconfigUser, err error) {
	const hint = "give a kubeconfig that has a current context, such as auth/kubeconfig of the asset directory"
	for _, c := range f.Contexts {
		if c.Name != f.CurrentContext {
			continue
		}
		found := 0
		for _, x := range f.Clusters {
			if x.Name == c.Context.Cluster {
				s, found = x.Cluster, found|1
			}
		}
		for _, x := range f.Users {
			if x.Name == c.Context.User {
				u, found = x.User, found|2
			}
		}
		if found != 3 {
			return s, u, p.problem("contexts", fmt.Sprintf("the current context %q names a cluster or a user that is not there", f.CurrentContext), hint)
		}
		return s, u, nil
	}
	if f.CurrentContext == "" {
		return s, u, p.problem("current-context", "is missing", hint)
	}
	return s, u, p.problem("current-context", fmt.Sprintf("there is no context %q", f.CurrentContext), hint)
}

func (p *kubeconfigParser) server(k *Kubeconfig, s kubeconfigServer) {
	u, err := url.Parse(s.Server)
	if err != nil || u.Scheme != "https" || u.Hostname() == "" || u.User != nil {
		p.complain("clusters.cluster.server", "is not the https URL of an API", "write it as https://api.<cluster>.<domain>:6443")
	} else {
		u.Path = strings.TrimSuffix(u.Path, "/")
		k.Server = u
	}
	if s.Insecure {
		p.complain("clusters.cluster.insecure-skip-tls-verify",
			"is set, and okd-install does not talk to a cluster whose identity it cannot verify",
			"put the cluster's authorities into certificate-authority-data instead")
	}
	k.Authorities = pemfile.Unix(p.content("clusters.cluster.certificate-authority", s.Authority, s.AuthorityFile))
	if !s.Insecure && k.Authorities != nil && !x509.NewCertPool().AppendCertsFromPEM(k.Authorities) {
		detail, hint := "holds no certificate", ""
		if faults := pemfile.Read(k.Authorities).Faults; len(faults) > 0 {
			detail, hint = fmt.Sprintf("holds no certificate: in line %d of its text, %s", faults[0].Line, faults[0].Detail), faults[0].Hint
		}
		p.complain("clusters.cluster.certificate-authority-data", detail, hint)
	}
}

func (p *kubeconfigParser) user(k *Kubeconfig, u kubeconfigUser) {
	switch {
	case u.Exec != nil || u.Provider != nil:
		p.complain("users.user", "logs in by means of a program, which okd-install does not run",
			"use the auth/kubeconfig of the asset directory, or one with a token")
		return
	case u.Username != "":
		p.complain("users.user.username", "API servers no longer accept passwords",
			"use the auth/kubeconfig of the asset directory, or one with a token")
		return
	}
	k.Token = u.Token
	if u.TokenFile != "" && u.Token == "" {
		k.Token = strings.TrimSpace(string(p.content("users.user.token", nil, u.TokenFile)))
	}
	cert := p.content("users.user.client-certificate", u.Cert, u.CertFile)
	key := p.content("users.user.client-key", u.Key, u.KeyFile)
	switch {
	case cert == nil && key == nil && k.Token == "" && len(p.problems) == 0:
		p.complain("users.user", "has neither a client certificate nor a token", "use the auth/kubeconfig of the asset directory")
	case cert != nil && key != nil:
		pair, err := tls.X509KeyPair(cert, key)
		if err != nil {
			p.complain("users.user.client-certificate-data", "does not match client-key-data, or one of them is damaged",
				"restore the kubeconfig, or run create ignition-configs again")
			return
		}
		k.Client, k.ClientCert = &pair, pair.Leaf
	case cert != nil || key != nil:
		p.complain("users.user", "has a client certificate without its key, or a key without its certificate", "restore the kubeconfig")
	}
}

// content is what stands in the kubeconfig itself, or in a file that it names.
func (p *kubeconfigParser) content(path string, inline []byte, file string) []byte {
	if len(inline) > 0 || file == "" {
		return bytes.Clone(inline)
	}
	if p.read == nil {
		p.complain(path, "names a file instead of holding the data", "put the data into the kubeconfig")
		return nil
	}
	data, err := p.read(file)
	if err != nil {
		p.complain(path, err.Error(), "correct the path, which is relative to the folder of the kubeconfig")
		return nil
	}
	return data
}

// certificates lists what the kubeconfig holds: the client's certificate and
// then the authorities. What is damaged is left out.
func (k Kubeconfig) certificates() []*x509.Certificate {
	var out []*x509.Certificate
	if k.ClientCert != nil {
		out = append(out, k.ClientCert)
	}
	for block, rest := pem.Decode(k.Authorities); block != nil; block, rest = pem.Decode(rest) {
		if c, err := x509.ParseCertificate(block.Bytes); err == nil {
			out = append(out, c)
		}
	}
	return out
}

// host is the name or address of the API, without the port.
func (k Kubeconfig) host() string { return k.Server.Hostname() }

// domain is the cluster's domain if the API has its usual name, api.<domain> or
// api-int.<domain>, or else empty.
func (k Kubeconfig) domain() string {
	label, rest, ok := strings.Cut(k.host(), ".")
	if !ok || label != "api" && label != "api-int" {
		return ""
	}
	return rest
}

// clientEnd tells since when the client's certificate is not good at now, or
// false if it is.
func (k Kubeconfig) clientEnd(now time.Time) (when time.Time, expired, bad bool) {
	switch c := k.ClientCert; {
	case c == nil:
		return time.Time{}, false, false
	case now.After(c.NotAfter):
		return c.NotAfter, true, true
	case now.Before(c.NotBefore):
		return c.NotBefore, false, true
	}
	return time.Time{}, false, false
}
