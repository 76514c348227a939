package main

import "runtime/debug"

// version is that of the program.
func (a *app) version() string {
	if a.linkedVersion != "" {
		return a.linkedVersion
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" && info.Main.Version != "(devel)" {
		return info.Main.Version
	}
	return "unreleased"
}

// commit is what the program was built from, or empty where nobody knows.
func (a *app) commit() string {
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
