package tls
import ("testing";"encoding/json";"os";"os/exec";"strings";"fmt";"sort";"encoding/pem")
func TestZZ(t *testing.T){
 for cs, k := range map[string]KeySpec{"none-ha":DefaultKey,"none-techpreview":{Algorithm:RSA,Size:4096},"baremetal":DefaultKey,"external":DefaultKey}{
 n := Names{"okd","okd.example.com",[]string{"172.30.0.1"},nil}
 b,_:=os.ReadFile("/work/shared/conformance/cases/"+cs+"/expected.json"); var want map[string]any; json.Unmarshal(b,&want)
 if cs=="baremetal"{ n.APIVIPs=[]string{"192.168.1.5"} }
 certs,err:=mintAll(n,func(c Certificate)KeySpec{return c.Key(k)},born); if err!=nil{t.Fatal(err)}
 sa,_:=NewKeyPair(ServiceAccount,DefaultKey); sk,_:=NewKeyPair(BootstrapSSH,DefaultKey)
 files,err:=HostFiles(n,certs,map[string]KeyPair{ServiceAccount:sa,BootstrapSSH:sk}); if err!=nil{t.Fatal(err)}
 seen:=0
 for f,content:=range files{ if !strings.HasPrefix(f,"tls/")||strings.Contains(f,"journal"){continue}
  key:="bootstrap.ign file /opt/openshift/"+f
  var out []string
  for bl,rest:=pem.Decode(content);bl!=nil;bl,rest=pem.Decode(rest){
   if bl.Type=="CERTIFICATE"{ c,_:=parseCert(pem.EncodeToMemory(bl)); 
     var ext []string; for _,u:=range c.ExtKeyUsage{ if u==1{ext=append(ext,"serverAuth")}else{ext=append(ext,"clientAuth")}}; sort.Strings(ext)
     dns:=append([]string(nil),c.DNSNames...); sort.Strings(dns); var ips []string; for _,i:=range c.IPAddresses{ips=append(ips,i.String())}; sort.Strings(ips)
     kk:=strings.ToUpper(strings.ReplaceAll(keySpecOf(c.PublicKey),"-"," "))
     out=append(out,fmt.Sprintf("subject %q issuer %q CA %t key %s usage %d ext %v dns %v ip %v hours %v",c.Subject.String(),c.Issuer.String(),c.IsCA,kk,c.KeyUsage,ext,dns,ips,c.NotAfter.Sub(c.NotBefore).Hours()))
   } else { out=append(out,bl.Type[max(0,strings.Index(bl.Type,"PRIVATE KEY")):]) }
  }
  sort.Strings(out)
  a,_:=json.Marshal(out); w,_:=json.Marshal(want[key]); if string(a)!=string(w){ t.Errorf("%s %s\n got %s\nwant %s",cs,key,a,w)}
  seen++
 }
 for k:=range want{ if strings.HasPrefix(k,"bootstrap.ign file /opt/openshift/tls/")&&!strings.HasSuffix(k," mode"){ if _,ok:=files[strings.TrimPrefix(k,"bootstrap.ign file /opt/openshift/")];!ok{t.Log(cs,"missing",k)}}}
 fmt.Println(cs,seen)
 os.MkdirAll("/tmp/tlsout",0o700); for f,c:=range files{ os.WriteFile("/tmp/tlsout/"+strings.ReplaceAll(f,"/","_"),c,0o600)}; os.WriteFile("/tmp/tlsout/ssh.key",sk.Private,0o600); os.WriteFile("/tmp/tlsout/ssh.pub",sk.Public,0o600)
 }
 _ = exec.Command
}
