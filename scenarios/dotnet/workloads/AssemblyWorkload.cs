using System.Reflection;
using System.Reflection.Emit;
using System.Runtime.CompilerServices;

namespace WxBench.Workloads;

/// <summary>
/// `asm`: count collectible assemblies of 4 types with 20 static methods each; size is the operations in a method.
/// `keep`: the same, and what it made stays referenced to the end, so none of it can be collected.
/// </summary>
internal sealed class AssemblyWorkload(bool keep) : IWorkload
{
    private const int TypesInAssembly = 4;
    private const int MethodsInType = 20;

    private readonly List<Type> _live = [];

    public ulong Generate(int round, int count, int size)
    {
        ulong checksum = Checksum.Empty;
        for (int i = 0; i < count; i++)
        {
            checksum = GenerateAssembly(checksum, i, size);
        }
        return checksum;
    }

    public void Drop()
    {
        if (!keep)
        {
            _live.Clear();
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private ulong GenerateAssembly(ulong checksum, int index, int size)
    {
        var assembly = AssemblyBuilder.DefineDynamicAssembly(
            new AssemblyName($"Generated{index}"), AssemblyBuilderAccess.RunAndCollect);
        ModuleBuilder module = assembly.DefineDynamicModule("Main");
        for (int i = 0; i < TypesInAssembly; i++)
        {
            int firstIdentity = ((index * TypesInAssembly) + i) * MethodsInType;
            Type type = GenerateType(module, $"Type{i}", firstIdentity, size);
            _live.Add(type);
            checksum = CallAll(checksum, type, firstIdentity, size);
        }
        return checksum;
    }

    private static Type GenerateType(ModuleBuilder module, string name, int firstIdentity, int size)
    {
        TypeBuilder type = module.DefineType(name, TypeAttributes.Public | TypeAttributes.Abstract | TypeAttributes.Sealed);
        for (int i = 0; i < MethodsInType; i++)
        {
            MethodBuilder method = type.DefineMethod(
                $"Method{i}", MethodAttributes.Public | MethodAttributes.Static, typeof(int), [typeof(int)]);
            GeneratedBody.Emit(method.GetILGenerator(), firstIdentity + i, size);
        }
        return type.CreateType();
    }

    private static ulong CallAll(ulong checksum, Type type, int firstIdentity, int size)
    {
        for (int i = 0; i < MethodsInType; i++)
        {
            var function = type.GetMethod($"Method{i}")!.CreateDelegate<Func<int, int>>();
            checksum = Checksum.Add(checksum, (uint)GeneratedBody.Check(function, firstIdentity + i, size));
        }
        return checksum;
    }
}
