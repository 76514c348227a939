package manifests

func digestSources(in Inputs) (values, error) {
	if len(in.Config.ImageDigestSources) == 0 {
		return nil, nil
	}
	entries := list{}
	for _, s := range in.Config.ImageDigestSources {
		o := mirrored(s.Source, s.Mirrors)
		put(o, "mirrorSourcePolicy", s.SourcePolicy)
		entries = append(entries, o)
	}
	return values{"imageDigestMirrors": entries}, nil
}

func contentSources(in Inputs) (values, error) {
	if len(in.Config.ImageContentSources) == 0 {
		return nil, nil
	}
	entries := list{}
	for _, s := range in.Config.ImageContentSources {
		entries = append(entries, mirrored(s.Source, s.Mirrors))
	}
	return values{"repositoryDigestMirrors": entries}, nil
}

func mirrored(source string, mirrors []string) object {
	o := object{"source": source}
	if len(mirrors) > 0 {
		o["mirrors"] = mirrors
	}
	return o
}

// MirrorsFile is the one of the files below /opt/openshift that says to `oc adm release
// info` where the mirrors are, or empty. The deprecated kind comes first, as it does for
// the payload's own renderers.
func MirrorsFile(files map[string][]byte) string {
	for _, name := range []string{contentSourcesFile, digestSourcesFile} {
		if _, ok := files[name]; ok {
			return name
		}
	}
	return ""
}
