"""The table of what a till can be asked, and who decides it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType
from typing import Any

from agent.till import (
    asking,
    cash_day,
    commands,
    consenting,
    customers,
    external,
    handing,
    leading,
    noticing,
    order_commands,
    ordering,
    paying,
    printing,
    reloading,
    scanning,
    selling,
    settling,
    specials,
    stocking,
    suggesting,
    value,
)
from agent.till.desk import Desk

# What each handler takes and gives is said by the command's own type parameter.
Handler = Callable[[Desk, Any], Awaitable[object]]

HANDLERS: Mapping[type[commands.Command[Any]], Handler] = MappingProxyType(
    {
        commands.DeviceScan: scanning.device_scan,
        commands.TypedScan: scanning.typed_scan,
        commands.Identify: customers.identify,
        commands.OpenSale: selling.open_sale,
        commands.AddLine: selling.add_line,
        commands.VoidLine: selling.void_line,
        commands.ChangeQuantity: selling.change_quantity,
        commands.PriceLine: selling.price_line,
        commands.DiscountLine: selling.discount_line,
        commands.DiscountSale: selling.discount_sale,
        commands.SetCustomer: selling.set_customer,
        commands.ForgetCustomer: customers.forget,
        commands.RedeemLead: leading.redeem,
        commands.TellLead: leading.tell,
        commands.WriteNote: handing.write_note,
        commands.OpenTask: handing.open_task,
        commands.CloseTask: handing.close_task,
        commands.AnswerSuggestion: suggesting.answer,
        commands.ParkSale: selling.park,
        commands.ResumeSale: selling.resume,
        commands.CancelSale: selling.cancel,
        commands.AddTender: paying.add_tender,
        commands.AskLacking: value.lacking,
        commands.ChargeGift: value.charge,
        commands.RemoveTender: paying.remove_tender,
        commands.CompleteSale: paying.complete,
        commands.AskUnleased: external.unleased,
        commands.RecordSale: external.record,
        commands.OpenTill: cash_day.open_till,
        commands.CloseTill: cash_day.close_till,
        commands.MoveCash: cash_day.move_cash,
        commands.SignOn: cash_day.sign_on,
        commands.OpenDrawer: printing.open_drawer,
        commands.Print: printing.print_job,
        commands.SettlePrint: settling.settle,
        commands.TakeSettings: reloading.take_settings,
        commands.Enrol: customers.enrol,
        commands.RecordConsent: consenting.record,
        commands.AnswerPrompt: asking.answer,
        commands.Announce: noticing.announce,
        order_commands.OrderStep: ordering.step,
        order_commands.CollectInSale: ordering.collect,
        order_commands.GiveBack: ordering.give_back,
        order_commands.OrderSpecially: specials.order_specially,
        order_commands.Reorder: specials.reorder,
        stocking.BookGoods: stocking.book,
        commands.DirectoryChanged: noticing.directory_changed,
    }
)
