package installconfig

import (
	"net/netip"
	"net/url"
	"regexp"
	"strings"
)

// properRepository is the repository that was probably meant, or "".
func properRepository(s string) string {
	s = schemeOf.ReplaceAllString(strings.TrimSpace(s), "")
	s, _, _ = strings.Cut(s, "@sha256:")
	if at := strings.LastIndex(s, "@"); at >= 0 {
		s = s[at+1:]
	}
	host, path, hasPath := strings.Cut(strings.TrimRight(s, "/"), "/")
	if at := strings.LastIndex(path, ":"); at >= 0 {
		path = path[:at]
	}
	if proper := bracketed(host); proper != "" {
		host = proper
	}
	if s = host; hasPath {
		s += "/" + strings.ToLower(strings.ReplaceAll(path, "//", "/"))
	}
	if repositoryProblem(s) != "" {
		return ""
	}
	return s
}

// bracketed is an IPv6 address, with or without a port, as it is written before a path:
// [fd00::1]:5000. It is empty for anything else. An address that ends like a port is taken
// for one with a port.
func bracketed(host string) string {
	if strings.Count(host, ":") < 2 || strings.HasPrefix(host, "[") {
		return ""
	}
	at := strings.LastIndex(host, ":")
	address, port := host[:at], host[at+1:]
	if ip, err := netip.ParseAddr(address); err == nil && ip.Is6() && ip.Zone() == "" && len(port) > 1 && isPort(port) {
		return "[" + address + "]:" + port
	}
	if ip, err := netip.ParseAddr(host); err == nil && ip.Is6() && ip.Zone() == "" {
		return "[" + host + "]"
	}
	return ""
}

var (
	hostAndPort = regexp.MustCompile(`^[A-Za-z0-9.-]+(:[0-9]+)?/?$`)
	oneSlash    = regexp.MustCompile(`^https?:/[^/]`)
	wordAsPort  = regexp.MustCompile(`^[a-z0-9]+://[^@/]*:[^0-9/][^@/:]*/?$`)
	schemeTwice = regexp.MustCompile(`^(https?://){2}`)
)

// proxySlip says what is amiss with a proxy that is not a URL, and what to write. It quotes
// nothing that may be a password: no text with an @.
func proxySlip(value string) (problem, hint string) {
	const example = "write such as http://proxy.example.com:3128"
	trimmed := strings.TrimSpace(value)
	scheme, rest, _ := strings.Cut(trimmed, "://")
	quote := func(s string) string {
		if u, err := url.Parse(s); strings.Contains(s, "@") || err != nil || u.Host == "" {
			return example
		}
		return "write " + shorten(s)
	}
	switch {
	case schemeTwice.MatchString(trimmed):
		return "has its scheme twice", quote(schemeTwice.ReplaceAllString(trimmed, "http://"))
	case trimmed != value:
		return "has blanks around it", quote(trimmed)
	case strings.HasPrefix(value, `"`) || strings.HasPrefix(value, "'"):
		return "has quotes inside of the value", quote(strings.Trim(value, `"'`))
	case hostAndPort.MatchString(value):
		return "has no scheme", quote("http://" + strings.TrimSuffix(value, "/"))
	case oneSlash.MatchString(value):
		return "has one / behind its scheme instead of two", quote(strings.Replace(value, ":/", "://", 1))
	case bracketed(strings.TrimSuffix(rest, "/")) != "":
		return "has an IPv6 address without brackets", quote(scheme + "://" + bracketed(strings.TrimSuffix(rest, "/")))
	case wordAsPort.MatchString(value):
		return "has a port that is not a number", example
	}
	return "is not a URL", example + "; special characters in a password are written as %xx"
}
