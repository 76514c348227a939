package cpio

import (
	"bytes"
	"crypto/rand"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"
)

func files(pairs ...string) map[string][]byte {
	m := map[string][]byte{}
	for i := 0; i < len(pairs); i += 2 {
		m[pairs[i]] = []byte(pairs[i+1])
	}
	return m
}

func pack(t testing.TB, f map[string][]byte) []byte {
	t.Helper()
	archive, err := Pack(f)
	if err != nil {
		t.Fatal(err)
	}
	return archive
}

func compressed(t testing.TB, compress func([]byte) ([]byte, error), f map[string][]byte) []byte {
	t.Helper()
	b, err := compress(pack(t, f))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func zstandard(options ...zstd.EOption) func([]byte) ([]byte, error) {
	return func(b []byte) ([]byte, error) {
		w, err := zstd.NewWriter(nil, options...)
		if err != nil {
			return nil, err
		}
		return w.EncodeAll(b, nil), nil
	}
}

// The members as the kernel will see them: each directory before what is in it.
func TestPack(t *testing.T) {
	t.Parallel()
	archive := pack(t, files("etc/net/b", "B\n", "etc/a", "", "config.ign", "{}"))
	if len(archive)%4 != 0 {
		t.Errorf("the archive has %d bytes, not a multiple of 4", len(archive))
	}
	var got []string
	for rest := archive; ; {
		name, _, _ := strings.Cut(string(rest[110:]), "\x00")
		got = append(got, string(rest[14:22])+" "+name+" "+string(rest[54:62]))
		if name == trailer {
			break
		}
		size := int(rest[61]-'0') + (110+len(name)+1+3)/4*4 // all of them have less than ten bytes
		rest = rest[(size+3)/4*4:]
	}
	want := []string{
		"00008180 config.ign 00000002", "000041ED etc 00000000", "00008180 etc/a 00000000",
		"000041ED etc/net 00000000", "00008180 etc/net/b 00000002", "00000000 TRAILER!!! 00000000",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestPackRefuses(t *testing.T) {
	t.Parallel()
	for _, f := range []map[string][]byte{
		files("/etc/a", ""), files("../a", ""), files("", ""), files(".", ""), files("a//b", ""), files(trailer, ""),
		files("a\x00b", ""), files("a", "", "a/b", ""),
	} {
		if _, err := Pack(f); err == nil {
			t.Errorf("Pack(%q) gave no error", slices.Collect(maps.Keys(f)))
		}
	}
}

func TestUnpack(t *testing.T) {
	t.Parallel()
	big := make([]byte, 140<<10) // more than one block, and nothing to compress
	if _, err := rand.Read(big); err != nil {
		t.Fatal(err)
	}
	one, two := files("a", "1", "d/x", string(big)), files("a", "2", "z", strings.Repeat("z", 200_000))
	forms := map[string]func([]byte) ([]byte, error){
		"plain":         func(b []byte) ([]byte, error) { return b, nil },
		"gzip":          Gzip,
		"xz":            compressXZ,
		"xz crc64":      func(b []byte) ([]byte, error) { return otherXZ(b, xz.CRC64) },
		"xz sha256":     func(b []byte) ([]byte, error) { return otherXZ(b, xz.SHA256) },
		"zstd":          zstandard(),
		"zstd, no sum":  zstandard(zstd.WithEncoderCRC(false)),
		"zstd, no size": zstandard(zstd.WithSingleSegment(false), zstd.WithEncoderLevel(zstd.SpeedFastest)),
		"zstd, single":  zstandard(zstd.WithSingleSegment(true)),
	}
	firsts, seconds := map[string][]byte{}, map[string][]byte{}
	for name, compress := range forms {
		firsts[name], seconds[name] = compressed(t, compress, one), compressed(t, compress, two)
	}
	for first := range forms {
		for second := range forms {
			t.Run(first+" then "+second, func(t *testing.T) {
				t.Parallel()
				initrd := slices.Clone(firsts[first])
				initrd = append(initrd, Align(int64(len(initrd)))...)
				initrd = append(initrd, make([]byte, 512)...)
				initrd = append(initrd, seconds[second]...)
				got, err := Unpack(bytes.NewReader(append(initrd, make([]byte, 1000)...)), nil)
				if err != nil {
					t.Fatal(err)
				}
				want := files("a", "2", "d/x", string(big), "z", strings.Repeat("z", 200_000))
				if !maps.EqualFunc(got, want, bytes.Equal) {
					t.Errorf("got %v", slices.Collect(maps.Keys(got)))
				}
				got, err = Unpack(bytes.NewReader(initrd), func(name string) bool { return name == "a" })
				if err != nil || len(got) != 1 || string(got["a"]) != "2" {
					t.Errorf("with a filter: %v, %v", got, err)
				}
			})
		}
	}
}

func otherXZ(b []byte, check byte) ([]byte, error) {
	var out bytes.Buffer
	w, err := xz.WriterConfig{CheckSum: check}.NewWriter(&out)
	if err != nil {
		return nil, err
	}
	_, err = w.Write(b)
	err = errors.Join(err, w.Close())
	return out.Bytes(), err
}

// The kernel knows no other check than CRC-32, which is type 1 in the header.
func TestXZHasTheKernelsCheck(t *testing.T) {
	t.Parallel()
	b := compressed(t, compressXZ, files("a", "1"))
	if !bytes.HasPrefix(b, []byte("\xfd7zXZ\x00\x00\x01")) {
		t.Errorf("the stream begins with % x", b[:8])
	}
}

// Two archives can be in one compressed stream, and a name can be filled up with
// zeros, as dracut does to align the contents.
func TestUnpackOddities(t *testing.T) {
	t.Parallel()
	twice, err := Gzip(append(pack(t, files("a", "1")), pack(t, files("b", "2"))...))
	if err != nil {
		t.Fatal(err)
	}
	got, err := Unpack(bytes.NewReader(twice), nil)
	if err != nil || !maps.EqualFunc(got, files("a", "1", "b", "2"), bytes.Equal) {
		t.Errorf("two archives in one stream: %v, %v", got, err)
	}
	padded := pack(t, files("x/ab\x02\x02\x02", "1"))
	padded = bytes.Replace(padded, []byte("x/ab\x02\x02\x02"), []byte("./ab\x00\x00\x00"), 1)
	padded = bytes.Replace(padded, []byte(magic), []byte(magicCRC), 1)
	got, err = Unpack(bytes.NewReader(padded), nil)
	if err != nil || !maps.EqualFunc(got, files("ab", "1"), bytes.Equal) {
		t.Errorf("a name that is filled up: %v, %v", got, err)
	}
	got, err = Unpack(bytes.NewReader(make([]byte, 5000)), nil)
	if err != nil || len(got) != 0 {
		t.Errorf("only zeros: %v, %v", got, err)
	}
}

func TestUnpackErrors(t *testing.T) {
	t.Parallel()
	gz, x, z := compressed(t, Gzip, files("a", "1")), compressed(t, compressXZ, files("a", "1")), compressed(t, zstandard(), files("a", "1"))
	plain := pack(t, files("a", "1"))
	huge := bytes.Replace(plain, []byte("00000001"+strings.Repeat("0", 32)), []byte("7FFFFFFF"+strings.Repeat("0", 32)), 1)
	for name, c := range map[string]struct {
		initrd []byte
		want   string
	}{
		"text":            {[]byte("hello, world"), "at byte 0: it begins with 68 65 6c 6c 6f 2c"},
		"behind a good":   {append(append([]byte{}, gz...), "garbage"...), "neither an initrd nor compressed"},
		"bzip2":           {[]byte("BZh91AY&SY"), "compressed with bzip2, which is not supported"},
		"short":           {[]byte("07"), "neither"},
		"cut plain":       {plain[:120], "cut short"},
		"no trailer":      {plain[:116], "cut short"},
		"cut gzip":        {gz[:len(gz)-9], "in gzip: it ends too early"},
		"cut xz":          {x[:len(x)-9], "in xz: it ends too early"},
		"cut zstd":        {z[:len(z)-9], "in zstd: "},
		"damaged gzip":    {flip(gz, len(gz)-6), "gzip: invalid checksum"},
		"damaged xz":      {flip(x, 40), "in xz: "},
		"damaged zstd":    {flip(z, len(z)-1), "in zstd: "},
		"in gzip text":    {must(Gzip([]byte("hello, world"))), "in gzip: "},
		"announces 2 GiB": {huge, "more than 64 MiB"},
		"not hex":         {bytes.Replace(plain, []byte("00008180"), []byte("0000818x"), 1), "hexadecimal digits"},
		"no name":         {bytes.Replace(plain, []byte("0000000200000000a"), []byte("0000000000000000a"), 1), "a path has 0 bytes"},
		"a name of 4 GiB": {bytes.Replace(plain, []byte("0000000200000000a"), []byte("FFFFFFFF00000000a"), 1), "a path has 4294967295 bytes"},
		"xz, 1 GiB":       {hugeXZ(x), "dictionary of 1024 MiB"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := Unpack(bytes.NewReader(c.initrd), nil)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, %v; want an error with %q", got, err, c.want)
			}
		})
	}
}

func flip(b []byte, i int) []byte {
	b = slices.Clone(b)
	b[i] ^= 0xff
	return b
}

func must(b []byte, err error) []byte {
	if err != nil {
		panic(err)
	}
	return b
}

// hugeXZ makes the first block ask for a dictionary of 1 GiB.
func hugeXZ(b []byte) []byte {
	b = slices.Clone(b)
	i := bytes.Index(b, []byte{0x21, 1})
	b[i+2] = 36
	return b
}

func TestFit(t *testing.T) {
	t.Parallel()
	f := files("a", strings.Repeat("all work and no play ", 4000))
	gz, x := compressed(t, Gzip, f), compressed(t, compressXZ, f)
	if len(x) >= len(gz) {
		t.Fatalf("xz makes %d bytes of it and gzip %d: the test needs other data", len(x), len(gz))
	}
	for limit, want := range map[int][]byte{len(gz): gz, len(gz) - 1: x, len(x): x} {
		got, err := Fit(f, int64(limit))
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("within %d bytes: %d bytes, %v; want %d", limit, len(got), err, len(want))
		}
	}
	_, err := Fit(f, int64(len(x)-1))
	if large, ok := IsTooLarge(err); !ok || large.Need != int64(len(x)) || large.Have != int64(len(x)-1) {
		t.Errorf("got %v, want that %d bytes are needed", err, len(x))
	}
}

func TestAlign(t *testing.T) {
	t.Parallel()
	for n, want := range map[int64]int{0: 0, 1: 3, 2: 2, 3: 1, 4: 0, 1 << 33: 0} {
		if got := len(Align(n)); got != want {
			t.Errorf("Align(%d) has %d bytes, want %d", n, got, want)
		}
	}
}

// A file that ends in the first bytes of something compressed once was read for ever.
func TestUnpackEndsWithItsInput(t *testing.T) {
	t.Parallel()
	for name, compress := range map[string]func([]byte) ([]byte, error){"gzip": Gzip, "xz": compressXZ, "zstd": zstandard()} {
		whole := compressed(t, compress, files("config.ign", "{}"))
		for n := 1; n < len(whole); n++ {
			if _, err := Unpack(bytes.NewReader(whole[:n]), nil); err == nil {
				t.Errorf("%s: the first %d of %d bytes were read as an initrd", name, n, len(whole))
			}
		}
		if got, err := Unpack(bytes.NewReader(whole), nil); err != nil || len(got) != 1 {
			t.Errorf("%s: got %v, %v", name, got, err)
		}
	}
}

// FuzzUnpack reads anything; what it reads as an initrd can be packed and read again.
func FuzzUnpack(f *testing.F) {
	for _, compress := range []func([]byte) ([]byte, error){Gzip, compressXZ, zstandard(), zstandard(zstd.WithSingleSegment(true))} {
		b := compressed(f, compress, files("config.ign", "{}", "etc/a", "b"))
		f.Add(b)
		f.Add(append(append(b, 0, 0), b...))
	}
	f.Add(pack(f, files("config.ign", "{}")))
	f.Add([]byte("\x28\xb5\x2f\xfd\x24\x00\x03\x00\x00"))
	f.Add([]byte("\x28\xb5\x2f\xfd"))
	f.Fuzz(func(t *testing.T, initrd []byte) {
		got, err := Unpack(bytes.NewReader(initrd), nil)
		if err != nil {
			return
		}
		archive, err := Pack(got)
		if err != nil {
			return // such as a file that is also a directory
		}
		again, err := Unpack(bytes.NewReader(archive), nil)
		if err != nil || !maps.EqualFunc(got, again, bytes.Equal) {
			t.Errorf("%d files became %d: %v", len(got), len(again), err)
		}
	})
}

// FuzzPack gives what was put in.
func FuzzPack(f *testing.F) {
	f.Add("config.ign", []byte("{}"), "etc/x", []byte{0, 1, 2})
	f.Add("a/b", []byte(nil), "a", []byte("x"))
	f.Fuzz(func(t *testing.T, name1 string, data1 []byte, name2 string, data2 []byte) {
		in := map[string][]byte{name1: data1, name2: data2}
		archive, err := Pack(in)
		if err != nil {
			return
		}
		gz, err := Gzip(archive)
		if err != nil {
			t.Fatal(err)
		}
		got, err := Unpack(bytes.NewReader(append(archive, gz...)), nil)
		if len(name1) >= maxName || len(name2) >= maxName {
			return
		}
		if err != nil || !maps.EqualFunc(got, in, bytes.Equal) {
			t.Errorf("%q became %q: %v", in, got, err)
		}
	})
}
