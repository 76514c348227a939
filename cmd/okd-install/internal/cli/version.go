package cli

import "runtime/debug"

// Version is that of the program.
func (a *App) Version() string {
	if a.linkedVersion != "" {
		return a.linkedVersion
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" && info.Main.Version != "(devel)" {
		return info.Main.Version
	}
	return "unreleased"
}

// Commit is what the program was built from, or empty where nobody knows.
func (a *App) Commit() string {
	if a.linkedCommit != "" {
		return a.linkedCommit
	}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				return s.Value
			}
		}
	}
	return ""
}
