// Package platform makes a platform one value: Of says what a cluster gets because of
// the platform that it is on. Nothing above or beside it knows a platform's name.
//
// Each platform is a folder below this one and a row in table, which belongs by its name
// to a block of pkg/installconfig/platform: the block says what the install-config may
// hold, the row what comes of it. Package parts has the types. The other functions here
// answer what is asked where there is no complete install-config: how long to wait, what
// to remove, where a file comes from.
package platform

import (
	"encoding/json"
	"fmt"
	"path"
	"slices"

	"github.com/okd-project/okd-install/pkg/installconfig"
	block "github.com/okd-project/okd-install/pkg/installconfig/platform"
	"github.com/okd-project/okd-install/pkg/manifests"
	"github.com/okd-project/okd-install/pkg/platform/parts"
	"github.com/okd-project/okd-install/pkg/release"
)

// The types of package parts that others speak about: see there.
type (
	// Declared is what a block says of machines and addresses.
	Declared = parts.Declared
	// Limits are how long the waits wait.
	Limits = parts.Limits
	// Origin is where a file of the host comes from.
	Origin = parts.Origin
	// Parts are what a platform differs in.
	Parts = parts.Parts
	// Remains are what there is to remove when a cluster goes.
	Remains = parts.Remains
	// Site is what the user's surroundings depend on.
	Site = parts.Site
	// Step is something that a user does.
	Step = parts.Step
)

// find returns the row of a platform.
func find(name string) (parts.Row, bool) {
	i := slices.IndexFunc(table, func(r parts.Row) bool { return r.Name == name })
	if i < 0 {
		return parts.Row{}, false
	}
	return table[i], true
}

// Of makes what a cluster gets because of its platform. The install-config is complete
// and valid; the identity may be empty where it is not known yet.
func Of(c installconfig.InstallConfig, id manifests.Identity, r release.Release) (Parts, error) {
	spec, known := block.Find(c.Platform.Name)
	row, ok := find(c.Platform.Name)
	if !ok || !known {
		return Parts{}, fmt.Errorf("platform %q has no row", c.Platform.Name)
	}
	p, err := row.Of(parts.Cluster{Config: c, Identity: id, Release: r})
	if err != nil {
		return Parts{}, fmt.Errorf("platform %s: %w", row.Name, err)
	}
	p.Manifests.Type = spec.Type
	return p, nil
}

// Provide lists what the user of a cluster sets up before its first machine boots.
func Provide(s Site) []Step {
	if row, _ := find(s.Config.Platform.Name); row.Provide != nil {
		return row.Provide(s)
	}
	return parts.OwnProvide(s)
}

// LimitsOf are how long the waits give a cluster on a platform. The block may be nil or
// incomplete; a platform without a row may be one of those that other programs install.
func LimitsOf(p block.Platform) Limits {
	row, ok := find(p.Name)
	if !ok {
		if limits, known := foreign[p.Name]; known {
			return limits
		}
		return parts.Usual
	}
	if row.Limits == nil {
		return parts.Usual
	}
	if p.Config == nil {
		if spec, known := block.Find(p.Name); known {
			p.Config = spec.New()
		}
	}
	return row.Limits(p.Config)
}

// DeclaredIn lists the machines and addresses that a block names: none where the
// platform's row has no function for it.
func DeclaredIn(p block.Platform) Declared {
	if other, ok := p.Config.(*foreignBlock); ok {
		return other.declared()
	}
	if row, _ := find(p.Name); row.Declared != nil && p.Config != nil {
		return row.Declared(p.Config)
	}
	return Declared{}
}

// ReadBlock reads the block of a platform, as JSON, out of an install-config that has done
// its work. One that cannot be read is nil.
func ReadBlock(name string, data []byte) block.Platform {
	var config any = &foreignBlock{}
	if spec, known := block.Find(name); known {
		config = spec.New()
	}
	if json.Unmarshal(data, config) != nil {
		config = nil
	}
	return block.Platform{Name: name, Config: config}
}

// Left lists what the user of a cluster has to remove, by the platform's name, which may
// be empty where it is not known.
func Left(name string, r Remains) []string {
	if row, _ := find(name); row.Left != nil {
		return row.Left(r)
	}
	return parts.OwnLeft(r)
}

// OriginOf explains a file of the bootstrap host that the platform of that type, as the
// Infrastructure object has it, adds.
func OriginOf(platformType, file string) (Origin, bool) {
	for _, row := range table {
		if spec, ok := block.Find(row.Name); !ok || spec.Type != platformType {
			continue
		}
		for _, o := range row.Origins {
			if ok, err := path.Match(o.Pattern, file); ok && err == nil {
				return o, true
			}
		}
	}
	return Origin{}, false
}
