using System.Reflection.Emit;

namespace WxBench;

/// <summary>
/// The function that generated methods compute: int to int, `size` operations, add and exclusive-or in turn so that no
/// compiler can fold two of them into one, each with a constant that depends on the method's identity.
/// Two methods with different identities give different results, so a call that lands in the wrong code is noticed.
/// </summary>
internal static class GeneratedBody
{
    /// <summary>Writes the body: the argument, then `size` pairs of a constant and an operation, then the return.</summary>
    public static void Emit(ILGenerator il, int identity, int size)
    {
        il.Emit(OpCodes.Ldarg_0);
        for (int i = 0; i < size; i++)
        {
            il.Emit(OpCodes.Ldc_I4, Constant(identity, i));
            il.Emit(Adds(i) ? OpCodes.Add : OpCodes.Xor);
        }
        il.Emit(OpCodes.Ret);
    }

    /// <summary>What the body returns.</summary>
    public static int Expected(int identity, int size, int argument)
    {
        int value = argument;
        for (int i = 0; i < size; i++)
        {
            value = unchecked(Adds(i) ? value + Constant(identity, i) : value ^ Constant(identity, i));
        }
        return value;
    }

    /// <summary>Calls the generated function and returns its result; throws when it is not the expected one.</summary>
    public static int Check(Func<int, int> function, int identity, int size)
    {
        int expected = Expected(identity, size, identity);
        int actual = function(identity);
        return actual == expected ? actual : throw new WrongResultException($"method {identity}", expected, actual);
    }

    /// <summary>Whether operation i is an addition (else an exclusive-or).</summary>
    public static bool Adds(int i) => (i & 1) == 0;

    /// <summary>The constant of operation i: always four bytes wide in machine code, never zero.</summary>
    public static int Constant(int identity, int i)
    {
        uint mixed = unchecked(((uint)identity * 2_654_435_761u) ^ ((uint)i * 2_246_822_519u));
        return (int)((mixed & 0x3fff_ffff) | 0x4000_0000);
    }
}
