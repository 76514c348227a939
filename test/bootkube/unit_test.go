package bootkube

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
)

// setting is one line of a unit.
type setting struct{ key, value string }

// readUnit reads the settings of a unit's [Unit] and [Service] sections.
func readUnit(name string) (settings []setting, err error) {
	raw, err := os.ReadFile("/etc/systemd/system/" + name)
	if err != nil {
		return nil, err
	}
	for line := range strings.Lines(string(raw)) {
		key, value, ok := strings.Cut(strings.TrimSpace(line), "=")
		if ok && !strings.HasPrefix(key, "#") && !strings.HasPrefix(key, ";") {
			settings = append(settings, setting{key, value})
		}
	}
	return settings, nil
}

// startUnit runs the commands of a unit, with the environment and in the folder
// in which systemd would run them. It returns the code of the first that fails.
func startUnit(name string) (int, error) {
	settings, err := readUnit(name)
	if err != nil {
		return 0, err
	}
	dir := "/"
	var commands []string
	for _, key := range []string{"ExecCondition", "ExecStartPre", "ExecStart", "ExecStartPost"} {
		for _, s := range settings {
			if s.key == key {
				commands = append(commands, s.value)
			}
		}
	}
	for _, s := range settings {
		switch s.key {
		case "ConditionPathExists":
			path, not := strings.CutPrefix(s.value, "!")
			if _, err := os.Stat(path); (err == nil) == not {
				fmt.Printf("%s: the condition %s does not hold\n", name, s.value)
				return 0, nil
			}
		case "WorkingDirectory":
			dir = s.value
		}
	}
	for _, command := range commands {
		words := strings.Fields(strings.TrimLeft(command, "-@:+!"))
		cmd := exec.Command(words[0], words[1:]...)
		cmd.Dir = dir
		cmd.Env = unitEnvironment(name, settings)
		cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
		var failed *exec.ExitError
		if err := cmd.Run(); errors.As(err, &failed) {
			if !strings.HasPrefix(command, "-") {
				return failed.ExitCode(), nil
			}
		} else if err != nil {
			return 0, err
		}
	}
	return 0, nil
}

// unitEnvironment is what systemd gives to a service of root: no HOME, no USER,
// no TERM. Files named in the unit are read again for every command.
func unitEnvironment(name string, settings []setting) []string {
	env := []string{
		"LANG=C.UTF-8", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin",
		"INVOCATION_ID=0123456789abcdef0123456789abcdef", "SYSTEMD_EXEC_PID=1",
		// no unit has a control group of its own here, from which its name is read
		"SERVICE_NAME=" + strings.TrimSuffix(name, ".service"),
	}
	for _, s := range settings {
		switch s.key {
		case "Environment":
			env = append(env, strings.Fields(strings.ReplaceAll(s.value, `"`, ""))...)
		case "EnvironmentFile":
			raw, err := os.ReadFile(strings.TrimPrefix(s.value, "-"))
			if err != nil {
				continue
			}
			for line := range strings.Lines(string(raw)) {
				if key, value, ok := strings.Cut(strings.TrimSpace(line), "="); ok && !strings.HasPrefix(key, "#") {
					env = append(env, key+"="+strings.Trim(value, `'"`))
				}
			}
		}
	}
	return env
}
