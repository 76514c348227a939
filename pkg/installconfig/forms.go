package installconfig

import "github.com/okd-project/okd-install/pkg/installconfig/platform"

// pattern is what a form looks like, as far as a regular expression can tell.
// Validation knows more; what it accepts, the pattern matches.
type pattern struct {
	// regexp matches the whole text, without anchors, in the syntax that
	// ECMAScript and Go have in common.
	regexp string
	// say is what an editor tells about a text that does not match.
	say string
	// longest is the most characters that a text may have; 0 for any number.
	longest int
	// notEmpty tells that an empty text is not the same as none.
	notEmpty bool
}

const (
	label  = `[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?`
	labels = label + `(?:\.` + label + `)*`
	octet  = `(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])`
	// ipv4Network leaves no bits of a host, to the byte.
	ipv4Network = `(?:` + octet + `\.0\.0\.0/[1-8]` +
		`|` + octet + `\.` + octet + `\.0\.0/(?:9|1[0-6])` +
		`|` + octet + `\.` + octet + `\.` + octet + `\.0/(?:1[7-9]|2[0-4])` +
		`|` + octet + `(?:\.` + octet + `){3}/(?:2[5-9]|3[0-2]))`
	ipv6Network = `[0-9A-Fa-f]*:[0-9A-Fa-f:.]*/(?:[0-9]|[1-9][0-9]|1[01][0-9]|12[0-8])`
	exception   = `(?:` + octet + `(?:\.` + octet + `){3}(?:/[0-9]{1,2})?` +
		`|[0-9A-Fa-f]*:[0-9A-Fa-f:.]*(?:%[^,\s]+)?(?:/[0-9]{1,3})?` +
		`|\.?` + labels + `\.?)`
)

// patterns are the forms' looks.
var patterns = map[platform.Form]pattern{
	platform.ClusterName: {regexp: labels, longest: maxClusterName, notEmpty: true, say: "is a name in lower case, such as okd or prod-1"},
	platform.Domain:      {regexp: labels + `\.?`, longest: maxDomain + 1, notEmpty: true, say: "is a domain in lower case, such as example.com"},
	platform.CIDR:        {regexp: ipv4Network + `|` + ipv6Network, say: "is a network with its length, such as 192.168.1.0/24 or fd00:10::/64, not the address of a host in it"},
	platform.ServiceCIDR: {
		regexp: octet + `(?:\.` + octet + `){3}/(?:1[2-9]|2[0-8])|[0-9A-Fa-f]*:[0-9A-Fa-f:.]*/(?:10[89]|11[0-9]|12[0-4])`,
		say:    "is a network of /12 to /28, or for IPv6 /108 to /124, such as 172.30.0.0/16 or fd02::/112",
	},
	platform.IPv4CIDR:    {regexp: ipv4Network, say: "is an IPv4 network with its length, such as 100.65.0.0/16"},
	platform.HTTPURL:     {regexp: `[hH][tT][tT][pP]://[^/\s][\s\S]*`, say: "is a URL with the scheme http, such as http://proxy.example.com:3128"},
	platform.WebURL:      {regexp: `[hH][tT][tT][pP][sS]?://[^/\s][\s\S]*`, say: "is a URL with the scheme http or https"},
	platform.NoProxyList: {regexp: `\*|` + exception + `(?:,` + exception + `)*`, say: "is a list of hosts, domains and networks with commas and without blanks, or * alone"},
	platform.Repository: {
		regexp: `(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]+)(?::[0-9]{1,5})?(?:/[a-z0-9]+(?:(?:\.|__?|-+)[a-z0-9]+)*)*`, notEmpty: true,
		say: "is a registry and a repository without scheme, tag and digest, such as mirror.example.com:5000/okd",
	},
	platform.PullSecret:  {regexp: `\s*\{[\s\S]*"[aA][uU][tT][hH][sS]"\s*:\s*\{\s*"[\s\S]*\}\s*`, notEmpty: true, say: `is JSON such as {"auths":{"registry.example.com":{"auth":"…"}}}; OKD needs none`},
	platform.PEM:         {regexp: `[\s\S]*-----BEGIN CERTIFICATE-----[\s\S]*-----END CERTIFICATE-----[\s\S]*`, say: "is one or more certificates in PEM, from BEGIN to END"},
	platform.SSHKeys:     {regexp: `\s*|[\s\S]*(?:ssh|ecdsa|sk)-[-a-z0-9@.]+[ \t]+AAAA[\s\S]*`, say: "is one or more public keys, such as ssh-ed25519 AAAA…"},
	platform.GateSetting: {regexp: `[A-Za-z0-9]+=(?:1|t|T|TRUE|true|True|0|f|F|FALSE|false|False)`, say: "is Name=true or Name=false"},
	platform.MAC:         {regexp: `(?:[0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2}|(?:[0-9A-Fa-f]{4}\.){2}[0-9A-Fa-f]{4}`, say: "is a MAC address, such as 52:54:00:ab:cd:01"},
	platform.Disk:        {regexp: `/(?:\S*[^/\s])?`, notEmpty: true, say: "is an absolute path"},
}
