package rhcos

import (
	"slices"
	"strings"
)

// v3 are the flags, as /proc/cpuinfo has them, of a CPU that does x86-64-v3.
// Source: the x86-64 psABI; abm stands for lzcnt, and pni for sse3.
var v3 = []string{
	"abm", "avx", "avx2", "bmi1", "bmi2", "cx16", "f16c", "fma", "lahf_lm", "movbe",
	"pni", "popcnt", "sse4_1", "sse4_2", "ssse3", "xsave",
}

// CPU is what /proc/cpuinfo tells about x86-64-v3.
type CPU struct {
	// Known is false if nothing can be told, as on another architecture.
	Known bool
	// Missing are the flags that x86-64-v3 needs and some processor lacks, sorted.
	Missing []string
}

// ReadCPU reads the contents of a machine's /proc/cpuinfo.
func ReadCPU(cpuinfo string) CPU {
	var cpu CPU
	for line := range strings.Lines(cpuinfo) {
		name, value, ok := strings.Cut(line, ":")
		if !ok || strings.TrimSpace(name) != "flags" {
			continue
		}
		cpu.Known = true
		flags := strings.Fields(value)
		for _, want := range v3 {
			if !slices.Contains(flags, want) && !slices.Contains(cpu.Missing, want) {
				cpu.Missing = append(cpu.Missing, want)
			}
		}
	}
	slices.Sort(cpu.Missing)
	return cpu
}
