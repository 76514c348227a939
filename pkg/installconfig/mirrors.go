package installconfig

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// validateMirrors checks where images come from. Auths are the registries of the
// pull secret; nil if it could not be read.
func validateMirrors(c *InstallConfig, auths []string, f *findings) {
	if len(c.ImageContentSources) > 0 && len(c.ImageDigestSources) > 0 {
		f.fail("imageContentSources", "is given beside imageDigestSources", "move its entries there, and remove it")
	}
	warned := map[string]bool{}
	for i, s := range c.ImageDigestSources {
		path := item("imageDigestSources", i)
		validateSource(path, s.Source, s.Mirrors, f)
		warnCredentials(path, s.Mirrors, auths, warned, f)
		if s.SourcePolicy == "" {
			continue
		}
		if f.word(path+".sourcePolicy", s.SourcePolicy) && len(s.Mirrors) == 0 {
			f.fail(path+".sourcePolicy", "is given without a mirror", "add mirrors, or remove it")
		}
	}
	for i, s := range c.ImageContentSources {
		path := item("imageContentSources", i)
		validateSource(path, s.Source, s.Mirrors, f)
		warnCredentials(path, s.Mirrors, auths, warned, f)
	}
}

func validateSource(path, source string, mirrors []string, f *findings) {
	f.required(path+".source", source, "give the repository that is mirrored, such as quay.io/okd/scos-release")
	if source != "" {
		validateRepository(path+".source", source, f)
	}
	if len(mirrors) == 0 && !f.isBroken(path+".mirrors") {
		f.warn(path, "has no mirrors, and so no effect", "add mirrors, or remove the entry")
	}
	for j, m := range mirrors {
		at := item(path+".mirrors", j)
		f.required(at, m, "give the repository of the mirror, such as mirror.example.com:5000/okd")
		if m != "" {
			validateRepository(at, m, f)
		}
	}
}

func validateRepository(path, repository string, f *findings) {
	const hint = "write registry and repository alone, such as mirror.example.com:5000/okd/release"
	problem := repositoryProblem(repository)
	if problem == "" {
		return
	}
	next := hint
	if proper := properRepository(repository); proper != "" {
		next = "write " + proper
	}
	if before, _, _ := strings.Cut(repository, "@sha256:"); strings.Contains(before, "@") {
		f.fail(path, "holds a user, or an @ that a repository has not", next) // not quoted: there may be a password
		return
	}
	f.fail(path, strconv.Quote(shorten(repository))+" "+problem, next)
}

// repositoryProblem says why s is not host[:port][/path], or "".
func repositoryProblem(s string) string {
	const longest = 255
	switch {
	case strings.Contains(s, "://"):
		return "begins with a scheme, which a repository has not"
	case strings.Contains(s, "@"):
		return "holds a digest or a user, which a repository has not"
	case len(s) > longest:
		return fmt.Sprintf("has more than %d characters", longest)
	case strings.ContainsAny(s, " \t\n"):
		return "has blanks"
	}
	host, rest, hasPath := strings.Cut(s, "/")
	if hasPath && !strings.ContainsAny(host, ".:") && host != "localhost" {
		return "names no registry before the first /"
	}
	if bracketed(host) != "" {
		return "has an IPv6 address without brackets"
	}
	if _, port, ok := strings.Cut(host, ":"); ok && host[0] != '[' && !isPort(port) {
		return "has a port that is not a number from 1 to 65535"
	}
	if !isRegistry(host) {
		return "does not begin with the host of a registry"
	}
	if !hasPath {
		return ""
	}
	parts := strings.Split(rest, "/")
	if last := parts[len(parts)-1]; strings.Contains(last, ":") {
		return "holds a tag, which a repository has not"
	}
	for _, part := range parts {
		if problem := partProblem(part); problem != "" {
			return problem
		}
	}
	return ""
}

// isRegistry reports whether s is host[:port].
func isRegistry(s string) bool {
	if strings.HasPrefix(s, "[") {
		address, port, ok := strings.Cut(s[1:], "]")
		ip, err := netip.ParseAddr(address)
		return ok && err == nil && ip.Is6() && ip.Zone() == "" && (port == "" || len(port) > 1 && port[0] == ':' && isPort(port[1:]))
	}
	host, port, hasPort := strings.Cut(s, ":")
	return isHost(host) && (!hasPort || port != "" && isPort(port))
}

// partProblem checks one part of a repository's path: lower case letters and
// digits, in between a dot, one or two underscores, or dashes.
func partProblem(part string) string {
	if part == "" {
		return "has a / too many"
	}
	words := strings.FieldsFunc(part, func(r rune) bool { return r == '.' || r == '_' || r == '-' })
	for _, word := range words {
		if strings.ContainsFunc(word, func(r rune) bool { return !isAlphanumeric(r) }) {
			return "has a character in its path that a repository cannot have"
		}
		if word != strings.ToLower(word) {
			return "has upper case letters in its path"
		}
	}
	separators := strings.FieldsFunc(part, isAlphanumeric)
	if len(separators) >= len(words) {
		return "has punctuation at the beginning or end of a part"
	}
	for _, s := range separators {
		if s != "." && s != "_" && s != "__" && strings.Trim(s, "-") != "" {
			return "has " + strconv.Quote(shorten(s)) + " in its path"
		}
	}
	return ""
}

// registryOf is the host, with its port, of a repository.
func registryOf(repository string) string {
	host, _, _ := strings.Cut(repository, "/")
	return host
}

// warnCredentials warns of mirrors that would be pulled from anonymously.
func warnCredentials(path string, mirrors, auths []string, warned map[string]bool, f *findings) {
	if auths == nil {
		return
	}
	for j, m := range mirrors {
		registry := registryOf(m)
		if registry == "" || warned[registry] || hasCredentials(registry, auths) || repositoryProblem(m) != "" {
			continue
		}
		warned[registry] = true
		f.warn(item(path+".mirrors", j), "there are no credentials for "+registry+" in pullSecret",
			"add them, unless everybody may pull from that mirror")
	}
}

func hasCredentials(registry string, auths []string) bool {
	for _, key := range auths {
		if registryOf(strings.TrimPrefix(strings.TrimPrefix(key, "https://"), "http://")) == registry {
			return true
		}
	}
	return false
}
