// Shows on the real runtime that unloading code makes a process grow:  dotnet run leak.cs   (.NET 10 SDK, Linux)
// Makes 1,000 collectible assemblies, calls all of their code, lets them go, and reads before and after how much
// memory the runtime's memfd holds (st_blocks of the file), and how much of that any tool would see (RssShmem).
// Then the same in a child process with DOTNET_EnableWriteXorExecute=0.
// Exit status: 0 it grows with W^X on and has no memfd with W^X off, 1 it is otherwise, 77 W^X is off from the start.
#:property PublishAot=false
using System.Diagnostics;
using System.Reflection;
using System.Reflection.Emit;
using System.Runtime.CompilerServices;

if (args is ["child"]) return Measure("W^X off").Loaded == 0 ? 0 : 1;
Console.WriteLine($"{".NET " + Environment.Version,-14} {"memfd, code loaded",20} {"memfd, unloaded",20} {"RssShmem, unloaded",20}");
(long loaded, long unloaded) = Measure("W^X on");
if (loaded == 0)
{
    Console.WriteLine("SKIP: no memfd: W^X is off (DOTNET_EnableWriteXorExecute=0?)");
    return 77;
}
var again = new ProcessStartInfo(Environment.ProcessPath!, ["child"]);
again.Environment["DOTNET_EnableWriteXorExecute"] = "0";
using Process child = Process.Start(again)!;
child.WaitForExit();
bool grows = unloaded > 1.8 * loaded && child.ExitCode == 0;
Console.WriteLine(grows ? "unloading makes the process grow; with W^X off there is nothing to grow" : "NOT SHOWN here");
return grows ? 0 : 1;

static (long Loaded, long Unloaded) Measure(string mode)
{
    var code = new List<Type>();
    Generate(code);
    long loaded = MemfdKib();
    code.Clear();
    for (int i = 0; i < 4; i++)
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
    }
    long unloaded = MemfdKib();
    string shared = File.ReadLines("/proc/self/status").First(line => line.StartsWith("RssShmem:"));
    long seen = long.Parse(shared.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)[1]);
    Console.WriteLine($"{mode,-14} {loaded,16:N0} KiB {unloaded,16:N0} KiB {seen,16:N0} KiB");
    return (loaded, unloaded);
}

[MethodImpl(MethodImplOptions.NoInlining)]
static void Generate(List<Type> code)
{
    for (int i = 0; i < 1000; i++)
    {
        var assembly = AssemblyBuilder.DefineDynamicAssembly(new AssemblyName($"A{i}"), AssemblyBuilderAccess.RunAndCollect);
        TypeBuilder type = assembly.DefineDynamicModule("M").DefineType("T", TypeAttributes.Public);
        for (int j = 0; j < 20; j++)
        {
            var method = type.DefineMethod($"F{j}", MethodAttributes.Public | MethodAttributes.Static, typeof(int), []);
            ILGenerator il = method.GetILGenerator();
            il.Emit(OpCodes.Ldc_I4, j);
            il.Emit(OpCodes.Ret);
        }
        code.Add(type.CreateType());
        for (int j = 0; j < 20; j++)
        {
            int result = code[^1].GetMethod($"F{j}")!.CreateDelegate<Func<int>>()();
            Trace.Assert(result == j, "generated code returned a wrong result");
        }
    }
}

// The runtime's memfd never has a name in any folder; it is found among the descriptors, and st_blocks counts 512 bytes.
static long MemfdKib()
{
    string? memfd = Directory.GetFiles("/proc/self/fd").FirstOrDefault(
        fd => new FileInfo(fd).LinkTarget == "/memfd:doublemapper (deleted)");
    if (memfd is null) return 0;
    string path = $"/proc/{Environment.ProcessId}/fd/{Path.GetFileName(memfd)}";
    var stat = new ProcessStartInfo("stat", ["-L", "-c", "%b", path]) { RedirectStandardOutput = true };
    return long.Parse(Process.Start(stat)!.StandardOutput.ReadToEnd()) / 2;
}
