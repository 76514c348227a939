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
