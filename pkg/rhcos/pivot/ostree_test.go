package pivot

import (
	"encoding/hex"
	"strings"
	"testing"
)

const digest = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

// The names that ostree prints and that users have reported.
func TestOSTreeRef(t *testing.T) {
	t.Parallel()
	for pullspec, want := range map[string]string{
		"quay.io/okd/scos-content@sha256:" + digest: "docker_3A__2F__2F_quay_2E_io/okd/scos-content_40_sha256_3A_" + digest,
		"quay.io/okd/scos_content:4.18":             "docker_3A__2F__2F_quay_2E_io/okd/scos__content_3A_4_2E_18",
		"registry:5000/a//b/":                       "docker_3A__2F__2F_registry_3A_5000/a/_2F_b_2F_",
		"a-b/c":                                     "docker_3A__2F__2F_a-b/c",
		"a-/b":                                      "docker_3A__2F__2F_a-_2F_b",
		"é":                                         "docker_3A__2F__2F__C3__A9_",
	} {
		if got := OSTreeRef(pullspec); got != "ostree/container/image/"+want {
			t.Errorf("%s is %s", pullspec, got)
		}
	}
}

// unescapeRef reads what escapeRef wrote.
func unescapeRef(t *testing.T, ref string) string {
	t.Helper()
	var b strings.Builder
	for i := 0; i < len(ref); i++ {
		switch {
		case ref[i] != '_':
			b.WriteByte(ref[i])
		case ref[i+1] == '_':
			b.WriteByte('_')
			i++
		default:
			c, err := hex.DecodeString(ref[i+1 : i+3])
			if err != nil || ref[i+3] != '_' {
				t.Fatalf("%q is not an escape", ref[i:])
			}
			b.Write(c)
			i += 3
		}
	}
	return b.String()
}

func FuzzEscapeRef(f *testing.F) {
	for _, s := range []string{"", "/", "a/", "/a", "_", "__", "a_/b", "docker://quay.io/okd/scos-content@sha256:" + digest, "\x00\xff", "ä"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		ref := escapeRef(text)
		if got := unescapeRef(t, ref); got != text {
			t.Fatalf("%q came back as %q", text, got)
		}
		if strings.Trim(ref, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-/") != "" ||
			strings.HasPrefix(ref, "/") || strings.HasSuffix(ref, "/") || strings.Contains(ref, "//") {
			t.Fatalf("%q is not a ref: %q", text, ref)
		}
	})
}
