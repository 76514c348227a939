package asset

// Flag is a flag of the create commands, and of plan, which shows what they would do.
type Flag struct {
	Name, Usage string
	// Text and Switch say which field of a request it sets: one of them is nil.
	Text   func(*Request) *string
	Switch func(*Request) *bool
	// Words are proposed as its value, if there are a few.
	Words []string
}

var (
	overwriteFlag = Flag{
		Name: "overwrite", Usage: "move existing results aside first; your manifests stay",
		Switch: func(r *Request) *bool { return &r.Overwrite },
	}
	overwriteConfig = Flag{
		Name: "overwrite", Usage: "write the file again; the existing one is moved aside first",
		Switch: overwriteFlag.Switch,
	}
	overwritePivot = Flag{Name: "overwrite", Usage: "move existing files aside first", Switch: overwriteFlag.Switch}
	releaseFlag    = Flag{
		Name: "release", Usage: "OKD release, a line such as 4.22 or a version (default: the newest 4.22, or what this directory was made for)",
		Text: func(r *Request) *string { return &r.Release },
	}
	releasePivot = Flag{
		Name: "release", Usage: "OKD release, a line such as 4.22 or a version (default: what this directory was made for)",
		Text: releaseFlag.Text,
	}
	releaseImageFlag = Flag{
		Name: "release-image", Usage: "pull spec of the release image, for mirrors and builds of your own",
		Text: func(r *Request) *string { return &r.ReleaseImage },
	}
	fromStateFlag = Flag{
		Name: "from-state", Usage: "restore the install-config that the established installer has consumed here from its " + EstablishedStateFile,
		Switch: func(r *Request) *bool { return &r.FromState },
	}
	reissueFlag = Flag{
		Name: "reissue", Usage: "issue new 24-hour certificates, whatever the age of the old ones",
		Switch: func(r *Request) *bool { return &r.Reissue },
	}
	urlFlag = Flag{
		Name: "url", Usage: "where the bootstrap host will find bootstrap.ign: https://… or http://…",
		Text: func(r *Request) *string { return &r.URL },
	}
	// fromManifests are those of everything that is made of the manifests.
	fromManifests = []Flag{
		{
			Name: "consume-inputs", Usage: "remove the inputs when the result is written, as the established installer does",
			Switch: func(r *Request) *bool { return &r.ConsumeInputs },
		},
		{
			Name:   "discard-manifests",
			Usage:  "make the manifests again without what you edited, added or deleted there; your folders are moved aside",
			Switch: func(r *Request) *bool { return &r.DiscardManifests },
		},
		{
			Name:  "leaf-key",
			Usage: "kind of key of the certificates that are not authorities: rsa-2048 to rsa-8192, ecdsa-p256, ecdsa-p384 or ecdsa-p521 (default rsa-2048)",
			Text:  func(r *Request) *string { return &r.LeafKey },
			Words: []string{"rsa-2048", "rsa-4096", "ecdsa-p256", "ecdsa-p384", "ecdsa-p521"},
		},
	}
)
