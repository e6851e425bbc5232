using System.Linq.Expressions;
using System.Runtime.CompilerServices;

namespace WxBench.Workloads;

/// <summary>`expr`: count compiled lambda expressions; size is the operations in a lambda.</summary>
internal sealed class ExpressionWorkload : IWorkload
{
    private readonly List<Func<int, int>> _live = [];

    public ulong Generate(int round, int count, int size)
    {
        ulong checksum = Checksum.Empty;
        for (int i = 0; i < count; i++)
        {
            checksum = Checksum.Add(checksum, (uint)CompileAndCall(i, size));
        }
        return checksum;
    }

    public void Drop() => _live.Clear();

    [MethodImpl(MethodImplOptions.NoInlining)]
    private int CompileAndCall(int identity, int size)
    {
        Func<int, int> function = Lambda(identity, size).Compile();
        _live.Add(function);
        return GeneratedBody.Check(function, identity, size);
    }

    /// <summary>One assignment an operation: a flat block compiles at any size, a nested expression would not.</summary>
    private static Expression<Func<int, int>> Lambda(int identity, int size)
    {
        ParameterExpression value = Expression.Parameter(typeof(int), "value");
        var body = new List<Expression>(size + 1);
        for (int i = 0; i < size; i++)
        {
            Expression constant = Expression.Constant(GeneratedBody.Constant(identity, i));
            body.Add(GeneratedBody.Adds(i) ? Expression.AddAssign(value, constant) : Expression.ExclusiveOrAssign(value, constant));
        }
        body.Add(value);
        return Expression.Lambda<Func<int, int>>(Expression.Block(body), value);
    }
}
