package rhcos

import (
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

// FuzzCPU: a flag that is missing on one processor is missing, whatever else the text holds.
func FuzzCPU(f *testing.F) {
	all := "flags\t\t: " + strings.Join(v3, " ") + "\n"
	for _, seed := range []string{all, strings.ReplaceAll(all, "avx2", ""), all + "flags: fpu\n", "flags", ":", "", "Features : fp asimd\n"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, cpuinfo string) {
		cpu := ReadCPU(cpuinfo)
		if !cpu.Known && len(cpu.Missing) > 0 || !slices.IsSorted(cpu.Missing) ||
			len(slices.Compact(slices.Clone(cpu.Missing))) != len(cpu.Missing) {
			t.Errorf("got %+v", cpu)
		}
		more := ReadCPU(strings.TrimSuffix(cpuinfo, "\n") + "\nflags : fpu\n")
		if !more.Known || !slices.Equal(more.Missing, slices.Sorted(slices.Values(v3))) {
			t.Errorf("a processor without a flag of v3 misses %v", more.Missing)
		}
	})
}

// FuzzFirmware: only a variable of exactly five bytes says anything, and only without the
// folder efi is it a BIOS.
func FuzzFirmware(f *testing.F) {
	for _, seed := range [][]byte{{6, 0, 0, 0, 1}, {6, 0, 0, 0, 0}, {6, 0, 0, 0, 7}, {}, []byte("too long")} {
		f.Add(seed, true)
		f.Add(seed, false)
	}
	f.Fuzz(func(t *testing.T, variable []byte, isUEFI bool) {
		sys := fstest.MapFS{}
		if isUEFI {
			sys[secureBootVariable] = &fstest.MapFile{Data: variable}
		}
		switch got := ReadFirmware(sys); {
		case !isUEFI && got != BIOS, isUEFI && got == BIOS:
			t.Errorf("got %s with UEFI %t", got, isUEFI)
		case isUEFI && (got == SecureBootOn) != (len(variable) == 5 && variable[4] == 1):
			t.Errorf("%v is %s", variable, got)
		}
	})
}
