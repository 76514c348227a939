package asset

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/okd-project/okd-install/pkg/tls"
)

// Of create ignition-configs with RSA keys, the keys are what takes long. How
// long differs from key to key by a factor of ten, so that the command is held
// against the sum of its own keys: that and 15 % for all the rest on one
// processor, and with two of them not much more than half.
var wallToKeys = map[int]float64{1: 1.15, 2: 0.65}

// BenchmarkCreateIgnitionConfigs reports as wall/keys the time of the command
// over the time of its nodes that make a key and a certificate.
func BenchmarkCreateIgnitionConfigs(b *testing.B) {
	config, err := os.ReadFile(filepath.FromSlash("../../docs/examples/install-config.yaml"))
	if err != nil {
		b.Fatal(err)
	}
	for _, processors := range []int{1, 2} {
		b.Run(map[int]string{1: "one", 2: "two"}[processors], func(b *testing.B) {
			if runtime.NumCPU() < processors {
				b.Skipf("this machine has %d processors", runtime.NumCPU())
			}
			defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(processors))
			var wall, keys time.Duration
			minted := 0
			for b.Loop() {
				w, k, n := timeKeys(b, config)
				wall, keys, minted = wall+w, keys+k, minted+n
			}
			// a single run is not enough for a verdict
			for extra := b.N; extra < 4; extra++ {
				w, k, n := timeKeys(b, config)
				wall, keys, minted = wall+w, keys+k, minted+n
			}
			ratio := wall.Seconds() / keys.Seconds()
			b.ReportMetric(ratio, "wall/keys")
			b.ReportMetric(keys.Seconds()*1000/float64(minted), "ms/key")
			if minted == 0 || ratio > wallToKeys[processors] {
				b.Errorf("%.3f times the keys' time on %d processors; at most %.2f is wanted", ratio, processors, wallToKeys[processors])
			}
		})
	}
}

// timeKeys runs the command once, in a new directory: how long it takes, how
// long its keys, and how many these are.
func timeKeys(b *testing.B, config []byte) (wall, keys time.Duration, minted int) {
	b.Helper()
	dir := b.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "install-config.yaml"), config, 0o600); err != nil {
		b.Fatal(err)
	}
	isKey := map[string]bool{}
	for _, row := range tls.Certificates {
		isKey[row.Name] = true
	}
	for _, row := range tls.KeyPairs {
		isKey[row.Name] = true
	}
	start := time.Now()
	_, err := Create(b.Context(), Request{
		Dir: dir, Target: targetIgnitionConfigs, Command: "benchmark", Now: start, Clock: time.Now,
		Trace: func(node, how string, took time.Duration) {
			if isKey[node] && how == "made" {
				keys += took
				minted++
			}
		},
	})
	if err != nil {
		b.Fatal(err)
	}
	return time.Since(start), keys, minted
}
