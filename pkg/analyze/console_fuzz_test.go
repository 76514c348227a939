package analyze

import (
	"io/fs"
	"testing"
	"testing/fstest"
)

// FuzzConsole takes what any machine may have printed on its console and in its journal,
// escapes and cut characters included.
func FuzzConsole(f *testing.F) {
	for _, seed := range []string{
		"ignition[712]: GET https://api-int.demo.example.com:22623/config/master: attempt #7\r\n",
		"\x1b[0;31mFAILED\x1b[0m Failed to start ignition-fetch.service\n", "\x9b31m\u202e", "\xff\xfe", "[    1.234567] x\x00",
	} {
		f.Add("master-0.log", seed, seed)
		f.Add("\x1b[2J.log", seed, "")
	}
	f.Fuzz(func(t *testing.T, name, console, journal string) {
		if !fs.ValidPath("b/serial/" + name) {
			return // fstest's file system walks such a name for ever
		}
		r, err := FS(fstest.MapFS{
			"b/bootstrap/services/bootkube.json":             {Data: []byte(`[{"timestamp":"2026-03-02T08:00:00Z","phase":"stage start","stage":"wait-for-ceo"}]`)},
			"b/serial/" + name:                               {Data: []byte(console)},
			"b/control-plane/192.0.2.7/journals/kubelet.log": {Data: []byte(journal)},
		})
		if err == nil {
			wellFormed(t, r)
		}
	})
}
