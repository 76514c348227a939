package ignition

import "strings"

// RegistryFiles are the files with which a host reaches registries as the cluster
// will: mirrors, pull secret, trust bundle and proxy. They are those of the
// bootstrap host; a live system that installs a machine gets them too.
func RegistryFiles(pullSecret, trustBundle string, mirrors []Mirror, proxy Proxy) []File {
	return []File{
		{Path: "/etc/containers/registries.conf", Data: registriesConf(mirrors), Mode: modePublic},
		{Path: "/etc/pki/ca-trust/source/anchors/ca.crt", Data: []byte(trustBundle), Mode: modeSecret},
		{Path: "/etc/systemd/system.conf.d/10-default-env.conf", Data: proxyDefaults(proxy), Mode: modeSecret},
		{Path: "/root/.docker/config.json", Data: []byte(strings.TrimSpace(pullSecret) + "\n"), Mode: modeSecret},
	}
}
