package bootkube

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/coreos/ignition/v2/config/v3_2/types"
	"github.com/vincent-petithory/dataurl"
)

// apply does to a folder what Ignition does to the root of a machine with the
// files and units of a config.
func apply(ign []byte, root string) error {
	var config types.Config
	if err := json.Unmarshal(ign, &config); err != nil {
		return err
	}
	for _, f := range config.Storage.Files {
		if err := applyFile(f, filepath.Join(root, f.Path)); err != nil {
			return fmt.Errorf("%s: %w", f.Path, err)
		}
	}
	units := filepath.Join(root, "etc/systemd/system")
	for _, u := range config.Systemd.Units {
		if u.Contents != nil {
			if err := place(filepath.Join(units, u.Name), []byte(*u.Contents), 0o644); err != nil {
				return err
			}
		}
		for _, d := range u.Dropins {
			if d.Contents != nil {
				if err := place(filepath.Join(units, u.Name+".d", d.Name), []byte(*d.Contents), 0o644); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func applyFile(f types.File, name string) error {
	var content []byte
	resources := f.Append
	if f.Contents.Source != nil {
		resources = append([]types.Resource{f.Contents}, resources...)
	} else if have, err := os.ReadFile(name); err == nil {
		content = have
	}
	for _, r := range resources {
		url, err := dataurl.DecodeString(*r.Source)
		if err != nil {
			return err
		}
		content = append(content, url.Data...)
	}
	mode := os.FileMode(0o644)
	if f.Mode != nil {
		mode = os.FileMode(*f.Mode)
	}
	return place(name, content, mode)
}

func place(name string, content []byte, mode os.FileMode) error {
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(name, content, 0o600); err != nil {
		return err
	}
	return os.Chmod(name, mode)
}
