package cluster

import "testing"

func TestHostPort(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]string{
		"192.168.1.10": "192.168.1.10:6443", "lb.example.com:8443": "lb.example.com:8443", "fd00::10": "[fd00::10]:6443",
		"[fd00::10]": "[fd00::10]:6443", "[::1]:2222": "[::1]:2222", "fe80::1%eth0": "[fe80::1%eth0]:6443",
		"[]": "", "[": "", ":6443": "", "a b": "", "a:0": "", "a:65536": "", "a:b:c": "", "fe80::1%../x": "", "https://a": "", "me@a": "",
	} {
		got, err := hostPort("--api-address", value, "6443")
		if got != want || (err != nil) != (want == "") {
			t.Errorf("%q: %q, %v, want %q", value, got, err, want)
		}
	}
}
