package installconfig

import "testing"

func TestLikeFileName(t *testing.T) {
	t.Parallel()
	for name, like := range map[string]bool{
		"install-config.yml": true, "install_config.yaml": true, "Install-Config.yaml": true, "install-config.yaml.txt": true,
		"installconfig.yaml": true, "install-config": true, "instal-config.yaml": true, "install-config.yaml.bak": true,
		FileName: false, "agent-config.yaml": false, "values.yaml": false, "install-config.schema.json": false,
	} {
		if got := LikeFileName([]string{"a", name}); (got == name) != like {
			t.Errorf("%s: %q", name, got)
		}
	}
}
