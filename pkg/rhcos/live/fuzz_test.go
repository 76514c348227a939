package live

import "testing"

// FuzzFeatures: an image that says nothing that can be read can do nothing.
func FuzzFeatures(f *testing.F) {
	for _, seed := range []string{`{"installer-config": true, "live-initrd-network": true, "installer-config-directives": {"console": true}}`, `{}`, `[]`, `null`, ``, `{"installer-config": "yes"}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		if got, err := ParseFeatures(raw); err != nil && got != (Features{}) {
			t.Errorf("got %+v beside %v", got, err)
		}
	})
}
