//go:build unix

package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"syscall"
	"testing"
	"time"
)

// What a whole process may take: peak memory in MiB, and time where it does not
// hang on the luck of RSA keys.
var budgets = map[string]struct {
	args   []string
	config string
	memory float64
	wall   time.Duration
}{
	"version": {args: []string{"version"}, memory: 25, wall: 15 * time.Millisecond},
	"ecdsa":   {args: []string{"create", "ignition-configs", "--leaf-key", "ecdsa-p256"}, config: "testdata/fast.yaml", memory: 60, wall: 100 * time.Millisecond},
	"rsa":     {args: []string{"create", "ignition-configs"}, config: "../../docs/examples/install-config.yaml", memory: 60},
}

// maxBinary is how large the stripped binary may be, in MiB.
const maxBinary = 25

// BenchmarkBinary builds the binary as a release is built and measures it from
// outside: MiB on disk, and for each command MiB at its peak, the median time and
// the shortest, also as a share of the time that is wanted. Times are told, not
// judged: on a busy machine they say more about the others.
func BenchmarkBinary(b *testing.B) {
	binary := filepath.Join(b.TempDir(), "okd-install")
	build := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-ldflags", "-s -w", "-o", binary, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		b.Fatalf("%v: %s", err, out)
	}
	info, err := os.Stat(binary)
	if err != nil {
		b.Fatal(err)
	}
	size := float64(info.Size()) / (1 << 20)
	for name, budget := range budgets {
		b.Run(name, func(b *testing.B) {
			var config []byte
			if budget.config != "" {
				if config, err = os.ReadFile(filepath.FromSlash(budget.config)); err != nil {
					b.Fatal(err)
				}
			}
			var times []time.Duration
			peak := 0.0
			for b.Loop() {
				took, memory := runOnce(b, binary, budget.args, config)
				times, peak = append(times, took), max(peak, memory)
			}
			enough := 5
			if budget.wall > 0 {
				enough = 30
			}
			for extra := b.N; extra < enough; extra++ {
				took, memory := runOnce(b, binary, budget.args, config)
				times, peak = append(times, took), max(peak, memory)
			}
			slices.Sort(times)
			shortest, median := times[0], times[len(times)/2]
			b.ReportMetric(size, "MiB-binary")
			b.ReportMetric(peak, "MiB-peak")
			b.ReportMetric(float64(median.Microseconds())/1000, "ms-median")
			b.ReportMetric(float64(shortest.Microseconds())/1000, "ms-shortest")
			if budget.wall > 0 {
				b.ReportMetric(float64(shortest)/float64(budget.wall), "of-the-time-wanted")
			}
			if size > maxBinary {
				b.Errorf("the binary has %.1f MiB; at most %d are wanted", size, maxBinary)
			}
			if peak > budget.memory {
				b.Errorf("the process had %.1f MiB; at most %.0f are wanted", peak, budget.memory)
			}
		})
	}
}

// runOnce runs the binary, in a new asset directory if there is a config: how
// long it took, and how much memory it had at its peak, in MiB.
func runOnce(b *testing.B, binary string, args []string, config []byte) (took time.Duration, peak float64) {
	b.Helper()
	if config != nil {
		dir := b.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "install-config.yaml"), config, 0o600); err != nil {
			b.Fatal(err)
		}
		args = append(slices.Clone(args), "--dir", dir)
	}
	c := exec.Command(binary, args...)
	var stderr bytes.Buffer
	c.Stderr = &stderr
	start := time.Now()
	if err := c.Run(); err != nil {
		b.Fatalf("%v: %s", err, &stderr)
	}
	took = time.Since(start)
	usage, ok := c.ProcessState.SysUsage().(*syscall.Rusage)
	if !ok {
		b.Fatal("the system does not tell how much memory a process had")
	}
	unit := 1024.0 // KiB, but on macOS bytes
	if runtime.GOOS == "darwin" {
		unit = 1
	}
	return took, float64(usage.Maxrss) * unit / (1 << 20)
}
