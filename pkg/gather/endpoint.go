package gather

import (
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"

	"github.com/okd-project/okd-install/pkg/diag"
)

// Endpoint is an SSH server and who logs in there.
type Endpoint struct {
	User, Host string
	Port       int
}

// The user of CoreOS, and the port of SSH.
const (
	defaultUser = "core"
	defaultPort = 22
)

// ParseEndpoint reads [USER@]HOST[:PORT]. An IPv6 address stands alone or, with a port,
// in brackets. The user is core and the port 22 unless they are named.
func ParseEndpoint(text string) (Endpoint, error) {
	e := Endpoint{User: defaultUser, Port: defaultPort}
	host := text
	if user, rest, ok := strings.Cut(text, "@"); ok {
		e.User, host = user, rest
	}
	if strings.HasPrefix(host, "[") || strings.Count(host, ":") == 1 {
		name, port, err := net.SplitHostPort(host)
		if err != nil && strings.HasSuffix(host, "]") {
			name, port, err = strings.Trim(host, "[]"), "22", nil
		}
		if err != nil {
			return e, badEndpoint(text, "its address cannot be read")
		}
		if e.Port, err = strconv.Atoi(port); err != nil || e.Port < 1 || e.Port > 65535 {
			return e, badEndpoint(text, "its port is not a number from 1 to 65535")
		}
		host = name
	}
	e.Host = host
	ip, err := netip.ParseAddr(host)
	switch {
	case host == "":
		return e, badEndpoint(text, "it does not name a host")
	case err != nil && !isName(host), ip.Zone() != "" && !isName(ip.Zone()):
		return e, badEndpoint(text, "neither an address nor a host name")
	case !isUser(e.User):
		return e, badEndpoint(text, "its user is not a valid user name")
	}
	return e, nil
}

func badEndpoint(text, why string) error {
	return diag.Problem{Detail: fmt.Sprintf("%q is not a host: %s", text, why),
		Hint: "write HOST, USER@HOST or HOST:PORT; with a port, put an IPv6 address in brackets: [2001:db8::1]:22"}
}

func isName(host string) bool {
	for _, c := range []byte(host) {
		if c != '.' && c != '-' && c != '_' && (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') {
			return false
		}
	}
	return !strings.HasPrefix(host, "-") && !strings.HasPrefix(host, ".") && len(host) <= 253
}

func isUser(user string) bool { return user != "" && isName(user) }

// address is what is dialled.
func (e Endpoint) address() string { return net.JoinHostPort(e.Host, strconv.Itoa(e.Port)) }

// sameAs reports whether both are one machine, whoever logs in there.
func (e Endpoint) sameAs(other Endpoint) bool { return e.address() == other.address() }

// String is the endpoint as it may be written, without what is the default.
func (e Endpoint) String() string {
	s := e.Host
	if e.Port != defaultPort {
		s = e.address()
	}
	if e.User != defaultUser {
		s = e.User + "@" + s
	}
	return s
}
