package rhcos

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"path"
	"reflect"
	"slices"
	"strings"

	"github.com/coreos/stream-metadata-go/stream"
	"go.yaml.in/yaml/v3"

	"github.com/okd-project/okd-install/pkg/diag"
)

// head begins every file that Import writes.
const head = `# Written by okd-install coreos import-stream from published stream metadata.
# What each key means stands in pkg/rhcos/build.go.

`

// Import turns published stream metadata into a file for data/coreos, and says
// what the file is called there. It refuses what the file could not give back in
// full: fields that it does not know, files of several builds, names that follow
// no pattern. The same input gives the same bytes.
func Import(published []byte) (name string, file []byte, err error) {
	s, err := parseStream(published)
	if err != nil {
		return "", nil, err
	}
	build, err := theBuild(s)
	if err != nil {
		return "", nil, err
	}
	name = s.Stream + "-" + build + ".yaml"
	if strings.ContainsFunc(name, notInName) {
		return "", nil, diag.Problem{Detail: fmt.Sprintf("the stream %q and the build %q cannot be part of a file name", s.Stream, build),
			Hint: "they may have letters, digits, dots and hyphens"}
	}
	short, err := shorten(s, build)
	if err != nil {
		return "", nil, err
	}
	var b bytes.Buffer
	b.WriteString(head)
	encoder := yaml.NewEncoder(&b)
	encoder.SetIndent(2)
	if err := errors.Join(encoder.Encode(short), encoder.Close()); err != nil {
		return "", nil, err
	}
	// What was left out must come back. That is tried here, so no file is ever
	// committed that says something else than what was published.
	back, err := ParseBuild(b.Bytes())
	if err != nil {
		return "", nil, diag.Problem{Detail: "stream metadata of this kind cannot be imported: " + diag.FirstLine(err.Error())}
	}
	if where, same := sameData(s, back.Stream); !same {
		return "", nil, diag.Problem{
			Path: where, Detail: "this cannot be imported without loss",
			Hint: "the files of data/coreos have no place for it; pkg/rhcos/build.go describes what they contain",
		}
	}
	return name, b.Bytes(), nil
}

func notInName(r rune) bool {
	return !strings.ContainsRune("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-", r)
}

// parseStream reads published stream metadata and refuses fields that are not
// known, so that nothing is lost in silence.
func parseStream(published []byte) (stream.Stream, error) {
	var s stream.Stream
	decoder := json.NewDecoder(bytes.NewReader(published))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&s); err != nil {
		return stream.Stream{}, diag.Problem{Detail: "this is not stream metadata: " + strings.TrimPrefix(err.Error(), "json: "),
			Hint: "give a JSON file such as coreos print-stream-json prints"}
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return stream.Stream{}, diag.Problem{Detail: "something follows the stream metadata", Hint: "give one JSON document"}
	}
	if s.Stream == "" || len(s.Architectures) == 0 {
		return stream.Stream{}, diag.Problem{Detail: "this is not stream metadata: it has no stream or no architectures",
			Hint: "give a JSON file such as coreos print-stream-json prints"}
	}
	return s, nil
}

// theBuild is the one build that everything in the stream belongs to.
func theBuild(s stream.Stream) (string, error) {
	found := map[string]bool{}
	for _, a := range s.Architectures {
		for _, p := range a.Artifacts {
			found[p.Release] = true
		}
	}
	if names := slices.Sorted(maps.Keys(found)); len(names) != 1 || names[0] == "" {
		return "", diag.Problem{Detail: fmt.Sprintf("the stream has files of %d builds: %s", len(names), strings.Join(names, ", ")), Hint: "a file of data/coreos holds one build"}
	}
	return slices.Collect(maps.Keys(found))[0], nil
}

// shorten leaves out what follows from the rest.
func shorten(s stream.Stream, build string) (buildYAML, error) {
	out := buildYAML{
		Stream: s.Stream, Build: build, Modified: s.Metadata.LastModified, Generator: s.Metadata.Generator,
		Names: map[string]string{}, Architectures: map[string]archYAML{},
	}
	for _, arch := range slices.Sorted(maps.Keys(s.Architectures)) {
		a, blank := s.Architectures[arch], blanker(build, arch)
		short := archYAML{Artifacts: map[string]string{}, Images: shortImages(a, blank)}
		artifacts := artifactsOf(a)
		for _, key := range slices.Sorted(maps.Keys(artifacts)) {
			f := artifacts[key]
			base, name := path.Split(f.Location)
			prefix, rest, ok := strings.Cut(name, build+"-")
			if !ok {
				return out, diag.Problem{Path: "architectures." + arch + ".artifacts." + key,
					Detail: fmt.Sprintf("the name %q does not contain the build %s", name, build)}
			}
			out.Base, out.Prefix = blank(base), blank(prefix+build+"-")
			out.Signature = strings.TrimPrefix(f.Signature, f.Location)
			if rest = blank(rest); rest != usualName(key) {
				out.Names[key] = rest
			}
			short.Artifacts[key] = strings.TrimSpace(f.Sha256 + " " + f.UncompressedSha256)
		}
		out.Architectures[arch] = short
	}
	return out, nil
}

// artifactsOf lists the files of an architecture by key.
func artifactsOf(a stream.Arch) map[string]*stream.Artifact {
	out := map[string]*stream.Artifact{}
	for platform, p := range a.Artifacts {
		for format, f := range p.Formats {
			for _, part := range parts {
				if artifact := *partOf(&f, part); artifact != nil {
					out[platform+" "+format+" "+part] = artifact
				}
			}
		}
	}
	return out
}

func shortImages(a stream.Arch, blank func(string) string) imagesYAML {
	out := imagesYAML{
		Aliyun: shortRegions(a.Images.Aliyun), Aws: shortRegions(a.Images.Aws),
		Ibmcloud: shortObjects(a.Images.Ibmcloud, blank), PowerVS: shortObjects(a.Images.PowerVS, blank),
	}
	if g := a.Images.Gcp; g != nil {
		out.Gcp = &gcpYAML{g.Project, g.Family, blank(g.Name)}
	}
	if k := a.Images.KubeVirt; k != nil {
		out.KubeVirt = &containerYAML{blank(k.Image), k.DigestRef}
	}
	if e := a.RHELCoreOSExtensions; e != nil {
		if e.AzureDisk != nil {
			out.AzureDisk = blank(e.AzureDisk.URL)
		}
		if e.AwsWinLi != nil {
			out.AwsWinLi = map[string]string{}
			for region, image := range e.AwsWinLi.Regions {
				out.AwsWinLi[region] = image.Image
			}
		}
	}
	return out
}

func shortRegions(r *stream.ReplicatedImage) map[string]string {
	if r == nil {
		return nil
	}
	out := map[string]string{}
	for region, image := range r.Regions {
		out[region] = image.Image
	}
	return out
}

func shortObjects(r *stream.ReplicatedObject, blank func(string) string) map[string]objectYAML {
	if r == nil {
		return nil
	}
	out := map[string]objectYAML{}
	for region, o := range r.Regions {
		out[region] = objectYAML{blank(o.Object), o.Bucket, blank(o.Url)}
	}
	return out
}

// sameData compares two streams as JSON data and names the first difference.
func sameData(a, b stream.Stream) (where string, same bool) {
	return difference("", plain(a), plain(b))
}

func plain(s stream.Stream) any {
	data, err := json.Marshal(s)
	if err != nil {
		return nil // a stream is strings and maps
	}
	var out any
	if err := json.Unmarshal(data, &out); err != nil {
		return nil
	}
	return out
}

func difference(at string, a, b any) (where string, same bool) {
	left, ok := a.(map[string]any)
	right, also := b.(map[string]any)
	if !ok || !also {
		return at, reflect.DeepEqual(a, b)
	}
	all := maps.Clone(left)
	maps.Copy(all, right)
	for _, key := range slices.Sorted(maps.Keys(all)) {
		if where, same := difference(strings.TrimPrefix(at+"."+key, "."), left[key], right[key]); !same {
			return where, false
		}
	}
	return at, true
}
