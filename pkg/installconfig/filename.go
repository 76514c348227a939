package installconfig

import (
	"strings"

	"github.com/okd-project/okd-install/pkg/diag"
)

// LikeFileName finds the file among names that is probably meant to be FileName: one that
// ends in .yml, has _ for -, capital letters, or an ending that a browser or an editor
// added. It is empty if there is none.
func LikeFileName(names []string) string {
	for _, name := range names {
		if s := squashed(name); strings.HasPrefix(s, "installconfig") && name != FileName {
			switch strings.TrimPrefix(s, "installconfig") {
			case "", "yml", "yaml", "json", "txt", "yamltxt", "ymltxt", "yamlbak", "yamlorig", "yamlsave", "yaml~", "yamlold",
				"yamlj2", "yamltmpl", "yamltpl", "yamltemplate":
				return name
			}
		}
	}
	for _, name := range names {
		if name != FileName && diag.Nearest(name, []string{FileName}) != "" {
			return name
		}
	}
	return ""
}
