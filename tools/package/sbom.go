package main

import (
	"crypto/sha256"
	"debug/buildinfo"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	cyclonedx "github.com/CycloneDX/cyclonedx-go"
	"github.com/google/uuid"
)

// components lists the modules that are linked into the binaries, as the
// binaries themselves tell it. They are the same on all platforms but for a few:
// the list of each platform is a file of its own.
func (r *release) components() (made []string, err error) {
	for _, p := range platforms {
		name := fmt.Sprintf("okd-install_%s_%s_%s.cdx.json", r.number, p.system, p.arch)
		bom, err := r.billOf(r.binary(p.system, p.arch))
		if err != nil {
			return nil, err
		}
		f, err := os.Create(filepath.Join(r.dist, name))
		if err != nil {
			return nil, err
		}
		encoder := cyclonedx.NewBOMEncoder(f, cyclonedx.BOMFileFormatJSON)
		if err := encoder.SetPretty(true).Encode(bom); err != nil {
			return nil, err
		}
		if err := f.Close(); err != nil {
			return nil, err
		}
		made = append(made, name)
	}
	return made, nil
}

func (r *release) billOf(binary string) (*cyclonedx.BOM, error) {
	raw, err := os.ReadFile(binary)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(raw)
	info, err := buildinfo.ReadFile(binary)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", binary, err)
	}
	own := cyclonedx.Component{
		BOMRef: "okd-install", Type: cyclonedx.ComponentTypeApplication, Name: "okd-install", Version: r.number,
		PackageURL: "pkg:golang/" + info.Main.Path + "@" + r.number,
		Licenses:   &cyclonedx.Licenses{{License: &cyclonedx.License{ID: "Apache-2.0"}}},
		Hashes:     &[]cyclonedx.Hash{{Algorithm: cyclonedx.HashAlgoSHA256, Value: fmt.Sprintf("%x", sum)}},
	}
	components := []cyclonedx.Component{{
		BOMRef: "std", Type: cyclonedx.ComponentTypeLibrary, Name: "std", Version: strings.TrimPrefix(info.GoVersion, "go"),
		PackageURL: "pkg:golang/std@" + strings.TrimPrefix(info.GoVersion, "go"),
	}}
	uses := []string{"std"}
	for _, module := range info.Deps {
		if module.Replace != nil {
			module = module.Replace
		}
		ref := module.Path + "@" + module.Version
		component := cyclonedx.Component{
			BOMRef: ref, Type: cyclonedx.ComponentTypeLibrary, Name: module.Path, Version: module.Version,
			PackageURL: "pkg:golang/" + ref,
		}
		// go.sum's sum is a sha256 over the sums of the module's files
		if digest, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(module.Sum, "h1:")); err == nil && len(digest) == sha256.Size {
			component.Hashes = &[]cyclonedx.Hash{{Algorithm: cyclonedx.HashAlgoSHA256, Value: fmt.Sprintf("%x", digest)}}
		}
		components = append(components, component)
		uses = append(uses, ref)
	}
	bom := cyclonedx.NewBOM()
	// the same binary has the same list, so its number comes from the binary
	bom.SerialNumber = uuid.NewSHA1(uuid.NameSpaceURL, sum[:]).URN()
	bom.Metadata = &cyclonedx.Metadata{Timestamp: r.when.Format("2006-01-02T15:04:05Z"), Component: &own}
	bom.Components = &components
	bom.Dependencies = &[]cyclonedx.Dependency{{Ref: own.BOMRef, Dependencies: &uses}}
	return bom, nil
}
