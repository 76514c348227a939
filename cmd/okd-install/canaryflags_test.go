package main

import (
	"os"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// mistyped are what somebody could give by mistake, or rightly, with a secret in it: two
// of them with -short.
func mistyped(c *cage, place string) []string {
	all := []string{
		"http://u:" + c.word(place+": the password of a URL") + "@127.0.0.1:1/x?token=" + c.word(place+": the query of a URL"),
		"http://u:pa/" + c.word(place+": a password with a slash") + "@127.0.0.1:1",
		"u:" + c.word(place+": a password without a scheme") + "@127.0.0.1:1",
		"http:/u:" + c.word(place+": a password behind one slash") + "@127.0.0.1",
		"http://u:p " + c.word(place+": a password with a blank") + "@127.0.0.1:1",
		"http://u:" + c.word(place+": a URL that ends early"),
		pullSecretWith(c.secret(place + ": a pull secret")),
		inB64(pullSecretWith(c.secret(place + ": a pull secret in base64"))),
		pemWith(c.secret(place + ": a key")),
	}
	if testing.Short() {
		return all[:2]
	}
	return all
}

// Whatever is given to a flag, or in place of an argument or a command, is not repeated
// with its secrets.
func TestNoSecretOfACommandLineIsShown(t *testing.T) {
	c := &cage{}
	values := mistyped(c, "a command line")
	w := newWorkspace(t, fastConfig(t), nil)
	t.Chdir(w.root)
	w.fillMedia(t)
	check := noSecretsIn(t, c)
	restore := w.snapshot(t)
	for name, cmd := range leaves() {
		if name == "man" { // writes as many files as there are commands, and quotes nothing else
			continue
		}
		for i, value := range values {
			check(name, w.run(append(w.words(name+" "+lines[name][0]), value)))
			for _, flag := range textFlags(cmd) {
				if i > 0 && (flag == "log-level" || flag == "log-format") {
					continue
				}
				check(name, w.run(append(w.words(name+" "+lines[name][0]), "--"+flag, value)))
			}
		}
		if strings.HasPrefix(name, "create") || name == "releases pin" {
			restore()
		}
	}
	for _, value := range values {
		check("", w.run([]string{value}))
		check("create", w.run([]string{"create", value}))
		check("create", w.run([]string{"create", "manifests", "--" + value}))
		check("create", w.run([]string{"create", "manifests", "--htp-proxy=" + value}))
	}
}

// Nor is what the environment holds.
func TestNoSecretOfTheEnvironmentIsShown(t *testing.T) {
	c := &cage{}
	values := mistyped(c, "the environment")
	if !testing.Short() {
		values = []string{values[0], values[1], values[4], values[6], values[8]}
	}
	w := newWorkspace(t, fastConfig(t), nil)
	t.Chdir(w.root)
	check := noSecretsIn(t, c)
	commands := []string{
		"create install-config --dir OUT --cluster-name okd", "create manifests --dir DIR --leaf-key ecdsa-p256", "version",
		"status --dir DIR", "plan ignition-configs --dir DIR", "validate --dir DIR",
	}
	restore := w.snapshot(t)
	read := map[string][]string{} // commands by the variables that they look at
	for _, line := range commands {
		w.asked = map[string]bool{}
		w.run(w.words(line))
		for name := range w.asked {
			read[name] = append(read[name], line)
		}
	}
	restore()
	if len(read) < 20 {
		t.Errorf("only %d variables are read: %v", len(read), read)
	}
	for name, lines := range read {
		before, set := w.environment[name]
		for _, value := range values {
			w.environment[name] = value
			for _, line := range lines {
				check(line+" with "+name, w.run(w.words(line)))
			}
		}
		if delete(w.environment, name); set {
			w.environment[name] = before
		}
		restore()
	}
}

// A config, or another file of the directory, that is wrong at the very place of a secret
// is refused without it.
func TestNoSecretOfAWrongFileIsShown(t *testing.T) {
	c := &cage{}
	config := fastConfig(t)
	w := newWorkspace(t, config, nil)
	t.Chdir(w.root)
	check := noSecretsIn(t, c)
	const pull = `pullSecret: '{"auths":{"registry.example.com":{"auth":"bWU6c2VjcmV0"}}}'`
	changed := func(from, to string) string {
		if !strings.Contains(config, from) {
			t.Fatalf("%q is not in the config", from)
		}
		return strings.Replace(config, from, to, 1)
	}
	word := func(place string) string { return c.word(place) }
	files := map[string][]string{"install-config.yaml": {
		changed(pull, "pullSecret: "+word("a pull secret that is none")),
		changed(pull, "pullSecret: '{\"auths\": "+word("a pull secret that is cut off")),
		changed(pull, "pullSecret: {auths: {registry.example.com: {auth: "+word("a pull secret that is no text")+"}}}"),
		changed(pull, "pullSecret: ["+word("a pull secret in a list")+"]"),
		changed(pull, `pullSecret: '{"auths":{"registry.example.com":{"auth":"`+word("auth that is not base64")+`!"}}}'`),
		changed(pull, `pullSecret: '{"auths":{"registry.example.com":{"auth":["`+word("auth in a list")+`"]}}}'`),
		changed(pull, `pullSecret: '{"auths":{"registry.example.com":"`+word("auth in place of its object")+`"}}'`),
		changed(pull, `pullSecret: '{"auth":{"registry.example.com":{"auth":"`+word("auth below a misspelt field")+`"}}}'`),
		changed(pull, `pullSecret: '{"auths":{"registry.example.com":{"username":"me","password":"`+word("a password of a registry")+`"}}}'`),
		changed(pull,
			`pullSecret: '{"auths":{"https://me:`+word("a user in a registry's name")+`@registry.example.com":{"auth":"bWU6c2VjcmV0"}}}'`),
		changed(pull, pull+"\npullSecret: "+word("a pull secret that is there twice")),
		changed(pull, "pullSecret:\n\t"+word("a pull secret behind a tab")),
		changed(pull, "pullSecret: \""+word("a pull secret without the end of its quotes")),
		changed(pull, "pullSecret: *"+word("a pull secret as an alias")),
		changed(pull, "pullSecret: !!int "+word("a pull secret as a number")),
		changed(pull, "pullsecret: "+jsonString(pullSecretWith(c.secret("a pull secret with a misspelt name")))),
		changed(pull, pull+"\n"+pullSecretWith(c.secret("a pull secret in place of a field"))+": x"),
		changed(pull, "  "+pull+"\n"+pullSecretWith(c.secret("a pull secret that is indented wrongly"))),
		changed(pull, pull+"\nsshKey: "+jsonString(pemWith(c.secret("a private key as sshKey")))),
		changed(pull, pull+"\nadditionalTrustBundle: "+jsonString(pemWith(c.secret("a private key as trust bundle")))),
		changed("baseDomain: example.com", "baseDomain: "+jsonString(pullSecretWith(c.secret("a pull secret as domain")))),
		changed("name: demo", "name: "+jsonString(pullSecretWith(c.secret("a pull secret as name")))),
		changed("cidr: 192.168.1.0/24", "cidr: "+jsonString("http://u:"+word("a proxy as network")+"/x@h")),
	}}
	for i, value := range mistyped(c, "a proxy") {
		for _, field := range []string{"httpProxy", "httpsProxy", "noProxy", "httpsPoxy"} {
			files["install-config.yaml"] = append(files["install-config.yaml"], changed(pull, pull+"\nproxy: {"+field+": "+jsonString(value)+"}"))
		}
		for _, source := range []string{
			"imageDigestSources: [{source: %, mirrors: [registry.example.com/okd]}]",
			"imageDigestSources: [{source: quay.io/okd, mirrors: [%]}]",
			"imageContentSources: [{source: quay.io/okd, mirrors: [%, %]}]",
		} {
			files["install-config.yaml"] = append(files["install-config.yaml"],
				changed(pull, pull+"\n"+strings.ReplaceAll(source, "%", jsonString(value))))
		}
		if i < 6 {
			files["answers.yaml"] = append(files["answers.yaml"],
				"clusterName: okd\nbaseDomain: example.com\nhttpProxy: "+jsonString(value)+"\nmirror: "+jsonString(value)+"\n",
				"clusterNam: "+jsonString(value)+"\n"+jsonString(value)+": x\n")
		}
	}
	files["answers.yaml"] = append(files["answers.yaml"], "pullSecret: "+word("a pull secret of answers that is none")+"\n",
		"pullSecret: {a: "+word("an object in answers")+"}\n", "pullSecret: \""+word("answers without the end of quotes"),
		jsonString(pullSecretWith(c.secret("answers that are a pull secret")))+"\n",
		pullSecretWith(c.secret("answers that are a pull secret, open")))
	read := func(name string) string {
		data, err := os.ReadFile(w.at(assetDir + "/" + name))
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	state, kubeconfig := read(".okd_install_state.json"), read("auth/kubeconfig")
	files[".okd_install_state.json"] = []string{
		word("a state file that is none"), state[:len(state)/2] + word("the end of a state file"),
		strings.ReplaceAll(state, "LS0tLS1CRUdJTi", word("keys in a state file")),
		`{"version":1,"values":{"kubeadmin-password":{"value":"` + word("a password in a state file") + `"}}}`,
		`{"` + word("a field of a state file") + `":"` + word("its value") + `"}`,
		strings.Replace(state, "{", "{\"kubeadmin-password\":\""+word("a password at the top of a state file")+"\",", 1),
	}
	files["auth/kubeconfig"] = []string{
		word("a kubeconfig that is none"),
		strings.ReplaceAll(kubeconfig, "client-key-data: ", "client-key-data: !"+word("client-key-data")),
		kubeconfig + "    token: " + word("a token in a kubeconfig") + "\n",
		"users:\n- user: {token: [" + word("a token in a list") + "]}\n",
		strings.Replace(kubeconfig, "server: https://", "server: https://u:"+word("a user of an API")+"@", 1),
		"token: \"" + word("a token without the end of its quotes"),
		strings.Replace(kubeconfig, "client-key-data: ",
			"client-key-data: "+inB64(pemWith(c.secret("a key that is none")))+"\n    client-key-dat: ", 1),
	}
	files["auth/kubeadmin-password"] = []string{word("another password of kubeadmin"), ""}
	files["tls/root-ca.key"] = []string{pemWith(c.secret("a key of the user's that is none")), word("a key that is no PEM")}
	files["manifests/mine.yaml"] = []string{
		"kind: Secret\nstringData:\n  a: \"" + word("a Secret without the end of its quotes"),
		"apiVersion: v1\nkind: Secret\nmetadata: {name: a}\ndata: {a: \"!" + word("a Secret that is not base64") + "\"}\n",
		"apiVersion: v1\nkind: Secret\nmetadata: {name: a}\nstringData: [" + word("a Secret with a list") + "]\n",
		"apiVersion: v1\nkind: Secret\nmetadata: {name: a}\ndata: " + word("a Secret with a text") + "\n",
		"apiVersion: machineconfiguration.openshift.io/v1\nkind: MachineConfig\nmetadata: {name: 99-worker-a, labels: {machineconfiguration.openshift.io/role: worker}}\nspec: {config: {ignition: {version: 3.2.0}, passwd: {users: [{name: core, passwordHash: [" +
			word("a hash in a list") + "]}]}}}\n",
		"apiVersion: machineconfiguration.openshift.io/v1\nkind: MachineConfig\nmetadata: {name: 99-worker-a, labels: {machineconfiguration.openshift.io/role: worker}}\nspec: {config: {ignition: {version: 3.2.0}, storage: {files: [{path: a, contents: {source: \"data:,password=" +
			word("a file with a wrong path") + "\"}}]}}}\n",
		"apiVersion: machineconfiguration.openshift.io/v1\nkind: MachineConfig\nmetadata: {name: 99-worker-a, labels: {machineconfiguration.openshift.io/role: worker}}\nspec: {config: {ignition: {version: 3.2.0, config: {merge: [{source: \"https://u:" +
			word("a remote config") + "/x@h/?token=" + word("the query of a remote config") + "\"}]}}}}\n",
		pemWith(c.secret("a key in place of a manifest")), "a: b: " + word("what is no YAML") + "\n",
	}
	first := []string{
		"validate --dir DIR", "validate --dir DIR -o json", "create manifests --dir DIR --leaf-key ecdsa-p256 --log-level debug",
		"status --dir DIR",
	}
	commands := []string{
		"create ignition-configs --dir DIR --leaf-key ecdsa-p256 --reissue", "status --dir DIR -o json",
		"plan ignition-configs --dir DIR", "plan manifests --dir DIR --overwrite -o json", "certs --dir DIR",
		"add-nodes --dir DIR --kubeconfig DIR/auth/kubeconfig --nodes worker-1", "wait-for install-complete --dir DIR",
		"status --cluster --dir DIR", "create pivot-config --dir DIR --role worker --device /dev/sda --dry-run",
		"gather bootstrap --dir DIR --bootstrap 192.0.2.1 --key KEY",
	}
	restore := w.snapshot(t)
	for name, texts := range files {
		for _, text := range texts {
			w.write(t, assetDir+"/"+name, []byte(text))
			if strings.HasSuffix(name, ".yaml") && strings.HasPrefix(name, "answers") {
				check(name, w.run(w.words("create install-config --dir OUT --answers DIR/answers.yaml")))
				restore()
				continue
			}
			for _, line := range first {
				check(name+": "+line, w.run(w.words(line)))
			}
			for _, line := range commands {
				if name != "install-config.yaml" {
					check(name+": "+line, w.run(w.words(line)))
				}
			}
			w.write(t, "config.ign", []byte(text)) // the same text where an Ignition config belongs
			check(name+" as Ignition", w.run(w.words("ignition validate CONFIG")))
			restore()
		}
	}
}

// textFlags are the flags of a command that take a text.
func textFlags(cmd *cobra.Command) []string {
	var names []string
	add := func(f *pflag.Flag) {
		if f.Value.Type() != "bool" && f.Name != "dir" {
			names = append(names, f.Name)
		}
	}
	cmd.InheritedFlags().VisitAll(add)
	cmd.NonInheritedFlags().VisitAll(add)
	return names
}
