package manifests

// mirrors tells the cluster where else to find images: a digest mirror set, or
// its deprecated form if the install-config uses the deprecated field.
func mirrors(in Inputs) ([]file, error) {
	var out []file
	if len(in.Config.ImageDigestSources) > 0 {
		entries := list{}
		for _, s := range in.Config.ImageDigestSources {
			o := mirrored(s.Source, s.Mirrors)
			put(o, "mirrorSourcePolicy", s.SourcePolicy)
			entries = append(entries, o)
		}
		out = append(out, file{"manifests/image-digest-mirror-set.yaml", config("ImageDigestMirrorSet", "image-digest-mirror", object{
			"spec":   object{"imageDigestMirrors": entries},
			"status": object{},
		})})
	}
	if len(in.Config.ImageContentSources) > 0 {
		entries := list{}
		for _, s := range in.Config.ImageContentSources {
			entries = append(entries, mirrored(s.Source, s.Mirrors))
		}
		out = append(out, file{"manifests/image-content-source-policy.yaml", object{
			"apiVersion": "operator.openshift.io/v1alpha1",
			"kind":       "ImageContentSourcePolicy",
			"metadata":   object{"name": "image-policy"},
			"spec":       object{"repositoryDigestMirrors": entries},
		}})
	}
	return out, nil
}

func mirrored(source string, mirrors []string) object {
	o := object{"source": source}
	if len(mirrors) > 0 {
		o["mirrors"] = mirrors
	}
	return o
}
