package installconfig
import ("testing";"time";"strings";"fmt")
func TestSlow(t *testing.T){
 gen:=func(pre string, n int, f func(i int) string) string { var b strings.Builder; b.WriteString(minimal); b.WriteString(pre); for i:=0;i<n;i++{ s:=f(i); if b.Len()+len(s)>maxBytes-10 {break}; b.WriteString(s)}; return b.String()}
 for name,text:=range map[string]string{
  "unknown": gen("",1e6,func(i int)string{return fmt.Sprintf("k%d: b\n",i)}),
  "longkey": gen("",1,func(i int)string{return strings.Repeat("k",1000000)+": b\n"}),
  "flow": minimal+"x: "+strings.Repeat("[",900000),
  "question": minimal+strings.Repeat("? ",500000),
  "curly": minimal+"x: "+strings.Repeat("{",9000),
  "dash": minimal+"x: "+strings.Repeat("- ",500000),
  "anchors": minimal+"x: "+strings.Repeat("&a ",300000),
  "pools": gen("compute:\n",1e6,func(i int)string{return "- {}\n"}),
  "nets": gen("networking:\n  machineNetwork:\n",1e6,func(i int)string{return fmt.Sprintf("  - cidr: 10.%d.%d.%d/32\n",i>>16,(i>>8)&255,i&255)}),
  "noproxy": minimal+"proxy:\n  httpProxy: http://a\n  noProxy: \""+strings.Repeat(",",1000000)+"\"\n",
  "ssh": minimal+"sshKey: \""+strings.Repeat("\\n",400000)+"\"\n",
  "ssh2": minimal+"sshKey: \""+strings.Repeat("a\\n",300000)+"\"\n",
  "pem": minimal+"additionalTrustBundle: \""+strings.Repeat("-----BEGIN CERTIFICATE-----\\n",30000)+"\"\n",
  "pem2": minimal+"additionalTrustBundle: \""+strings.Repeat("-----BEGIN A-----\\n-----END A-----\\n",25000)+"\"\n",
  "caps": gen("capabilities:\n  additionalEnabledCapabilities:\n",1e6,func(i int)string{return "  - x\n"}),
  "gates": gen("featureGates:\n",1e6,func(i int)string{return "- x\n"}),
  "mirrors": gen("imageDigestSources:\n",1e6,func(i int)string{return "- mirrors: [a.b/c]\n"}),
  "merge": gen("x: &x {a: b}\ncontrolPlane:\n",1e6,func(i int)string{return "  <<: *x\n"}),
  "fence": gen("controlPlane: {replicas: 2, fencing: {credentials: [",1e6,func(i int)string{return "{},"})+"]}}\n",
  "plat": gen("controlPlane:\n  platform:\n",1e6,func(i int)string{return fmt.Sprintf("    k%d: {}\n",i)}),
  "labels": strings.Replace(minimal,"name: okd","name: okd\n  labels: {"+strings.Repeat("aa: 1,",1)+"}",1),
  "deepkeys": minimal+"x: "+strings.Repeat("{\""+strings.Repeat("a",9000)+"\": ",95),
 }{
  t0:=time.Now(); _,err:=Load("f",[]byte(text),Options{}); d:=time.Since(t0); n:=0; if err!=nil {n=len(err.Error())}
  fmt.Printf("%-10s %8v in %d err %d\n",name,d.Round(time.Millisecond),len(text),n)
 }
}
